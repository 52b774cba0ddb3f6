/** What goes on in a room beside what is drawn: keys, and what is announced. */
import { useSignalEffect } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { CallCommands, CallState, MemberId } from '../../call/state.ts'
import { nameOf } from '../../room/roster.ts'
import type { RoomState } from '../../room/state.ts'
import type { Timeline } from '../../room/timeline.ts'
import { toggleFullScreen } from '../browser.ts'
import { CallNames, callAnnouncements } from '../call-announcements.ts'
import { toggleScreen } from '../devices.ts'
import { shownName } from '../format.ts'
import { texts } from '../language.ts'
import type { Commands, Model } from '../model.ts'
import type { Panels } from '../panels.ts'
import { announce } from '../parts/frame.tsx'
import { excerpt } from '../parts/message-text.tsx'
import { type Keys, keysAllowed, useKeys } from '../shortcuts.ts'

/** The call changes often, and who is in the room seldom. */
export const useCallSaid = (room: RoomState, model: Model): void => {
  const state = useRef(room)
  state.current = room
  const before = useRef<CallState | null>(null)
  const names = useRef(new CallNames()).current
  names.learn(before.current, member => nameOf(room, member))
  useSignalEffect(() => {
    const call = model.call.value
    const was = before.current
    before.current = call
    names.learn(call, member => nameOf(state.current, member))
    if (!was || !call) return
    const named = (member: MemberId): string => shownName(names.of(member) ?? texts().room.stranger)
    for (const words of callAnnouncements(was, call, named, texts().call.said)) announce(words)
  })
}

/** What is written while the conversation is not shown; where it is, it is read by itself. */
export const useChatSaid = (timeline: Timeline, shown: boolean): void => {
  const last = useRef(timeline.at(-1)?.key ?? 0)
  useEffect(() => {
    const fresh = timeline.filter(({ key }) => key > last.current)
    last.current = timeline.at(-1)?.key ?? 0
    if (shown) return
    for (const entry of fresh)
      if (entry.kind === 'chat' && !entry.own) announce(`${shownName(entry.name)}: ${excerpt(entry.text)}`)
  }, [timeline, shown])
}

type Around = { model: Model; commands: Commands; panels: Panels }

export const useRoomKeys = ({ model, commands, panels }: Around): void =>
  useKeys(() => {
    const help = (): void => {
      model.dialog.value = 'shortcuts'
    }
    const always = { help, 'full-screen': toggleFullScreen }
    const letters = model.settings.peek().shortcuts
    const state = model.call.peek()
    const call = commands.call()
    const inCall = state && call && state.own.phase !== 'out' ? inCallKeys(state, call, panels) : {}
    return keysAllowed({ ...always, ...inCall }, letters)
  })

const inCallKeys = (state: CallState, call: CallCommands, panels: Panels): Keys => {
  const { own } = state
  return {
    chat: () => panels.toggle('chat'),
    microphone: () => void call.setMuted(own.microphone === 'on'),
    camera: () => void call.setCamera(own.camera === 'off'),
    screen: () => toggleScreen(state, call),
    ...(own.pushToTalk && { talk: () => call.talk(true), release: () => call.talk(false) }),
  }
}

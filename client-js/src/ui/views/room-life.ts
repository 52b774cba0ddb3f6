/** Owns what goes on in a room beside what is drawn: keys, and what is said aloud. */
import { useEffect, useRef } from 'preact/hooks'
import type { CallCommands, CallState } from '../../call/state.ts'
import type { RoomState } from '../../room/state.ts'
import type { Timeline } from '../../room/timeline.ts'
import { shownName } from '../format.ts'
import { toggleFullScreen } from '../full-screen.ts'
import { type Keys, useKeys } from '../keys.ts'
import type { Commands, Model } from '../model.ts'
import type { Panels } from '../panels.ts'
import { announce } from '../parts/announcer.tsx'
import { saidOf } from '../said.ts'
import { toggleScreen } from '../screens.ts'
import { text } from '../text.ts'
import { excerpt } from '../words.ts'

export const useCallSaid = (room: RoomState, call: CallState | null): void => {
  const before = useRef(call)
  useEffect(() => {
    const was = before.current
    before.current = call
    if (!was || !call || was === call) return
    const nameOf = (member: string): string =>
      shownName([...room.members.values()].find(({ id }) => id === member)?.name ?? text.room.stranger)
    for (const words of saidOf(was, call, nameOf, text.call.said)) announce(words)
  }, [call])
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

type Around = { model: Model; commands: Commands; panels: Panels; inCall: boolean }

export const useRoomKeys = ({ model, commands, panels, inCall }: Around): void => {
  const state = model.call.value
  const call = inCall ? commands.call() : null
  const help = (): void => {
    model.dialog.value = 'shortcuts'
  }
  const always = { help, 'full-screen': toggleFullScreen }
  useKeys(state && call ? { ...always, ...inCallKeys(state, call, panels) } : always)
}

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

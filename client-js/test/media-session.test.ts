/** A call on the lock screen: what the system is told of it, and what its buttons do, where a browser has them. */
import { signal } from '@preact/signals'
import { afterEach, expect, test, vi } from 'vitest'
import { showCallToSystem } from '../src/app/media-session.ts'
import type { CallCommands, CallState, OwnCall } from '../src/call/state.ts'
import type { View } from '../src/ui/model.ts'
import { Alone } from './alone.ts'
import { noCall } from './calls-seen.ts'

afterEach(() => vi.unstubAllGlobals())

type Handler = () => void

/** `knows`: the actions that this browser has; it throws over any other. */
const system = (knows: (action: string) => boolean) => {
  const handlers = new Map<string, Handler>()
  const session = {
    metadata: null as { title: string } | null,
    playbackState: 'none',
    microphone: false,
    setActionHandler(action: string, handler: Handler | null) {
      if (!knows(action)) throw new TypeError(`${action} is no action`)
      if (handler) handlers.set(action, handler)
      else handlers.delete(action)
    },
    setMicrophoneActive: async (on: boolean) => {
      session.microphone = on
      throw new Error('refused')
    },
  }
  vi.stubGlobal('navigator', { mediaSession: session })
  vi.stubGlobal(
    'MediaMetadata',
    class {
      readonly title: string
      constructor({ title }: { title: string }) {
        this.title = title
      }
    },
  )
  return { session, handlers }
}

const shown = () => {
  const asked: string[] = []
  const call = signal<CallState | null>(noCall)
  const invitation = ''
  const { state } = new Alone('mesh')
  const view = signal<View>({ kind: 'room', state, invitation, created: false })
  const commands = {
    setMuted: async (muted: boolean) => void asked.push(`muted ${muted}`),
    setCamera: async (on: boolean) => void asked.push(`camera ${on}`),
    playSound: async () => void asked.push('sound'),
    leave: () => void asked.push('left'),
  } as unknown as CallCommands
  const own = (part: Partial<OwnCall>): void => {
    call.value = { ...noCall, own: { ...noCall.own, ...part } }
  }
  const stop = showCallToSystem({ call, view }, () => commands)
  return { asked, own, stop, name: state.card.name }
}

test('the system shows the room while there is a call, and its buttons do what the page’s do', () => {
  const { session, handlers } = system(() => true)
  const { asked, own, name } = shown()
  own({ phase: 'out' })
  expect([session.metadata, session.playbackState, handlers.size]).toEqual([null, 'none', 0])
  own({ phase: 'in', microphone: 'on', camera: 'off' })
  expect(session).toMatchObject({ metadata: { title: name }, playbackState: 'playing', microphone: true })
  const press = (action: string): void => handlers.get(action)?.()
  press('togglemicrophone')
  press('togglecamera')
  own({ phase: 'in', microphone: 'muted', camera: 'on' })
  expect(session.microphone).toBe(false)
  press('togglemicrophone')
  press('togglecamera')
  press('pause')
  press('hangup')
  expect(asked).toEqual(['muted true', 'camera true', 'muted false', 'camera false', 'sound', 'left'])
  own({ phase: 'out' })
  expect([session.metadata, session.playbackState, handlers.size]).toEqual([null, 'none', 0])
})

test('a browser that knows fewer buttons shows those that it knows', () => {
  const { session, handlers } = system(action => action === 'hangup')
  vi.stubGlobal('MediaMetadata', undefined)
  const { asked, own } = shown()
  own({ phase: 'in' })
  expect(session.playbackState).toBe('playing')
  handlers.get('hangup')?.()
  expect(asked).toEqual(['left'])
})

test('a browser without any is left alone', () => {
  vi.stubGlobal('navigator', {})
  const { own, stop } = shown()
  expect(() => own({ phase: 'in' })).not.toThrow()
  stop()
})

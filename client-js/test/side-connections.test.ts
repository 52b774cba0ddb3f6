/** Connections of an upload to an original page: those of an earlier session do not disturb a later one. */
import { expect, test } from 'vitest'
import type { PeerConnPorts } from '../src/files/runtime/peer-conn.ts'
import { noFiles } from '../src/files/state.ts'
import { step } from '../src/files/step.ts'
import { SideConnectionRuntime } from '../src/legacy/index.ts'
import { legacyModes } from '../src/legacy/wire/file-signal.ts'
import { fileId, type MemberId, memberId } from '../src/wire/ids.ts'

test('what an earlier connection says is not heard any more', () => {
  const events: unknown[] = []
  const opened: PeerConnPorts[] = []
  const connect = (_member: MemberId, _initiator: boolean, ports: PeerConnPorts) => {
    opened.push(ports)
    const nothing = (): void => undefined
    return {
      signal: nothing,
      send: nothing,
      whenDrained: async () => undefined,
      openFileChannel: () => null,
      close: nothing,
    }
  }
  const runtime = new SideConnectionRuntime(connect, event => events.push(event))
  runtime.carryOut({ type: 'side-open', key: 'out 1', member: memberId('old'), peer: 0 })
  runtime.carryOut({ type: 'side-close', key: 'out 1' })
  runtime.carryOut({ type: 'side-open', key: 'out 1', member: memberId('old'), peer: 0 })
  opened[0]?.closed()
  expect(events).toEqual([])
  opened[1]?.closed()
  expect(events).toEqual([{ type: 'side-closed', key: 'out 1' }])
})

test('a file asked for once more gives up the connections of the time before', () => {
  const from = memberId('old')
  const file = { id: fileId('large'), name: 'a.bin', size: 50_000_000, media: '' }
  const routes = new Map([[from, { name: 'old', transport: 'legacy', direct: true } as const]])
  const { state } = step(step(noFiles, { type: 'routes', routes }, 0).state, { type: 'share', file }, 0)
  const asked = (before: typeof state, number: number) => {
    const signal = { kind: 'download', file: file.id, from: number, mode: legacyModes.extra } as const
    return step(before, { type: 'signal', from, signal }, 0)
  }
  const first = asked(state, 1)
  expect(first.effects.map(({ type }) => type)).toEqual(['send-signal'])
  const second = asked(first.state, 2)
  expect(second.effects.map(({ type }) => type)).toEqual(['side-close', 'send-signal'])
})

/** How the others are seen and heard here, whatever becomes of their connections. */
import { expect, test } from 'vitest'
import { RemoteStreams } from '../src/call/remote-streams.ts'
import { memberId, peerId, streamId } from '../src/wire/ids.ts'
import { ownCaps } from '../src/wire/peer.ts'
import { Alone } from './alone.ts'

const ben = peerId('ben')
const [face, screen] = [streamId('face'), streamId('screen')]

test('whoever was turned down stays so under another peer id', () => {
  const me = new Alone('mesh')
  me.begin()
  me.feed({ type: 'peer-joined', peer: ben })
  me.feed({ type: 'link-opened', peer: ben })
  me.hear(ben, { kind: 'hello', person: { name: 'Ben', avatar: '', caps: ownCaps }, password: '' })
  me.hear(ben, { kind: 'join-call', reply: false })
  const streams = [
    { id: face, kind: 'camera', hint: 'motion', sound: true } as const,
    { id: screen, kind: 'screen', hint: 'text', sound: true } as const,
  ]
  me.hear(ben, { kind: 'streams', announced: { streams, media: null } })
  const remote = new RemoteStreams(() => undefined)
  const stream = { id: face, getTracks: () => [], getVideoTracks: () => [], getAudioTracks: () => [] }
  remote.arrived(ben, face, stream as unknown as MediaStream)
  remote.setVolume(memberId('ben'), 0.2)
  remote.setVolume(memberId('ben'), 0, screen)
  me.hear(ben, { kind: 'moved', to: peerId('ben2') })
  const [seen] = remote.participants(me.state, false)
  expect(seen?.member).toBe('ben')
  expect(seen?.streams.map(({ volume }) => volume)).toEqual([0.2, 0])
})

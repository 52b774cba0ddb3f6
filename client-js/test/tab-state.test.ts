/** What a page leaves for the next one in its tab. */
import { describe, expect, test } from 'vitest'
import { earlierStay, parseTabState, writeTabState } from '../src/app/tab-state.ts'
import { parseStay, type Stay, writeStay } from '../src/core/stay.ts'
import { fileId, memberId, messageId, roomId } from '../src/wire/ids.ts'
import { ownCaps } from '../src/wire/peer.ts'
import type { RoomCard } from '../src/wire/server.ts'

const card: RoomCard = {
  id: roomId('r'),
  name: 'tea',
  password: 'p',
  peersMax: 5,
  kind: 'star',
  key: 'kkkkkkkkkkkkkkkkkkkk_-',
  linkName: null,
  hostSecret: 'mine',
  founder: '0123456789abcdef0123456789abcdef',
  ownerKeys: { publicKey: 'open', privateKey: 'secret' },
}
const stay: Stay = {
  member: memberId('mmmmmmmmmmmmmmmmmmmm_-'),
  name: 'Ada',
  card,
  created: true,
  hosting: true,
  guests: [{ id: memberId('bbbbbbbbbbbbbbbbbbbb_-'), name: 'Ben', avatar: 'a', caps: ownCaps }],
  timeline: [
    {
      kind: 'chat',
      key: 1,
      at: 5,
      name: 'Ben',
      text: 'hi',
      own: false,
      from: memberId('ben'),
      id: messageId('a'),
      replyTo: null,
      delivery: 'sent',
      reactions: [],
      sharedBy: null,
    },
    {
      kind: 'file',
      key: 2,
      at: 6,
      name: 'Ben',
      own: false,
      owner: memberId('ben'),
      file: fileId('f'),
      fileName: 'plan.pdf',
      seen: true,
    },
  ],
  read: 2,
  files: [
    { owner: memberId('ben'), file: fileId('f'), key: 0, answer: { owner: 'ben', answer: 'declined' } },
  ],
  offered: [fileId('ours')],
  call: { microphone: true, camera: false },
}
const record = { token: 't', received: 1, sent: 2 }

describe('what a page leaves', () => {
  test('is what the next one finds', async () => {
    const found = parseTabState(writeTabState(record, writeStay(stay), 1_000), 2_000)
    expect([found.record, await earlierStay(found)]).toEqual([record, stay])
  })
  test('brings nobody back into a call after a minute, and into a room after ten', async () => {
    const stored = writeTabState(record, writeStay(stay), 0)
    expect(await earlierStay(parseTabState(stored, 60_000))).toEqual(stay)
    expect(await earlierStay(parseTabState(stored, 60_001))).toEqual({ ...stay, call: null })
    expect(parseTabState(stored, 600_001)).toMatchObject({ record, stay: null })
  })
  test('is nothing where there was nothing', async () => {
    expect(writeTabState(null, null, 0)).toBeNull()
    const found = parseTabState(null, 0)
    expect([found.record, await earlierStay(found)]).toEqual([null, null])
  })
  test.each(['', '{', '[]', '7', '{"at":0,"stay":"{"}', '{"stay":{"member":"x"}}'])(
    '%s is nothing',
    async stored => {
      const found = parseTabState(stored, 0)
      expect([found.record, await earlierStay(found)]).toEqual([null, null])
    },
  )
  test('is a stay only with an id, a name and a room', () => {
    const fields = JSON.parse(writeStay(stay)) as Record<string, unknown>
    for (const missing of ['member', 'name', 'card'])
      expect(parseStay(JSON.stringify({ ...fields, [missing]: undefined }))).toBeNull()
    expect(parseStay(JSON.stringify({ ...fields, timeline: [7, { text: 'x' }], call: 'yes' }))).toMatchObject(
      {
        timeline: [],
        call: null,
      },
    )
  })
  test('says of what was on its way that it has not arrived', () => {
    const [entry] = stay.timeline
    const pending = { ...stay, timeline: [{ ...entry, delivery: 'pending' }] } as Stay
    expect(parseStay(writeStay(pending))?.timeline).toMatchObject([{ delivery: 'undelivered' }])
  })
})

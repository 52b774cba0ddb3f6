/** Our session at the server over several connections: what is counted, what is sent again, and what is given up. */
import { describe, expect, test } from 'vitest'
import { ackEvents, ackUnits, keptEventsMax, keptUnitsMax, ServerSession } from '../src/signaling/session.ts'
import { parseRecord, parseResume, type ResumeAnswer, type Resumed } from '../src/wire/resume.ts'

const first: ResumeAnswer = { token: 't1', resumed: null }
const again = (resumed: Partial<Resumed>): ResumeAnswer => ({
  token: 't2',
  resumed: { received: 0, complete: true, rooms: [], ...resumed },
})
const begun = (): ServerSession => {
  const session = new ServerSession(null)
  session.begin(first)
  return session
}

describe('a session', () => {
  test('goes on where the server has handled less than was sent: the rest is sent again, in order', () => {
    const session = begun()
    for (const body of ['a', 'b', 'c']) session.keep('SIGNAL', body)
    session.count('x')
    expect(session.record).toEqual({ token: 't1', received: 1, sent: 3 })
    expect(session.begin(again({ received: 1 }))).toEqual({
      again: [expect.objectContaining({ body: 'b' }), expect.objectContaining({ body: 'c' })],
      complete: true,
    })
    expect(session.record).toEqual({ token: 't2', received: 1, sent: 3 })
    session.keep('SIGNAL', 'd')
    expect(session.begin(again({ received: 2 })).again.map(({ body }) => body)).toEqual(['c', 'd'])
  })
  test('keeps no more than it may, and says that something is lost when that was not enough', () => {
    const session = begun()
    for (let count = 0; count < keptEventsMax + 10; count++) session.keep('SIGNAL', count)
    const { again: sent, complete } = session.begin(again({ received: 5 }))
    expect(sent).toHaveLength(keptEventsMax)
    expect(complete).toBe(false)
    expect(session.record?.sent).toBe(5 + keptEventsMax)
    session.keep('SIGNAL', 'y'.repeat(keptUnitsMax + 1))
    expect(session.begin(again({ received: 5 })).again).toEqual([])
  })
  test('that the server does not know begins from nothing, and nothing of the old one is sent', () => {
    const session = begun()
    session.keep('SIGNAL', 'a')
    session.count('x')
    expect(session.begin({ ...first, token: 't3' })).toEqual({ again: [], complete: false })
    expect(session.record).toEqual({ token: 't3', received: 0, sent: 0 })
  })
  test('says nothing of itself to a server that knows none', () => {
    const session = new ServerSession(null)
    session.begin(null)
    session.keep('SIGNAL', 'a')
    expect(session.count('x')).toBe(false)
    expect([session.isResumable, session.record, session.acknowledge()]).toEqual([false, null, false])
  })
  test('of an earlier page goes on with its numbers', () => {
    const session = new ServerSession({ token: 't0', received: 7, sent: 9 })
    expect(session.begin(again({ received: 9 })).again).toEqual([])
    session.keep('SIGNAL', 'a')
    expect(session.record).toEqual({ token: 't2', received: 7, sent: 10 })
  })
})

describe('what has come', () => {
  test.each([
    ['so many events', ackEvents, ''],
    ['so many bytes', 2, 'x'.repeat(ackUnits / 2)],
  ])('is acknowledged after %s, once', (_what, events, body) => {
    const session = begun()
    const due = Array.from({ length: events }, () => session.count(body))
    expect(due.lastIndexOf(false)).toBe(events - 2)
    expect(due.at(-1)).toBe(true)
    expect([session.acknowledge(), session.acknowledge(), session.received]).toEqual([true, false, events])
  })
})

describe('what the server says of a session', () => {
  test('is read as it is meant', () => {
    const settings = { name: 'tea', maxUsers: 7, password: 'pw' }
    const rooms = [
      { roomID: 'r', type: 1, spec: 'h', members: ['h', 'me', 7] },
      { members: [] },
      { roomID: 's', type: 0, ...settings, members: [] },
    ]
    expect(parseResume({ token: 't', graceS: 30, received: 4, complete: true, rooms })).toEqual({
      token: 't',
      resumed: {
        received: 4,
        complete: true,
        rooms: [
          { room: 'r', host: 'h', members: ['h', 'me'] },
          { room: 's', host: null, members: [], settings: { name: 'tea', peersMax: 7, password: 'pw' } },
        ],
      },
    })
    expect(parseResume({ token: 't', graceS: 30 })?.resumed).toBeNull()
  })
  test.each([[undefined], [null], [7], [{}], [{ token: '' }], [{ token: 7 }], [{ token: 'x'.repeat(101) }]])(
    '%j is nothing',
    value => expect(parseResume(value)).toBeNull(),
  )
  test('is stored, and believed only where it makes sense', () => {
    expect(parseRecord({ token: 't', received: 1, sent: 2 })).toEqual({ token: 't', received: 1, sent: 2 })
    expect(parseRecord({ token: 't', received: -1, sent: 2 })).toBeNull()
    expect(parseRecord({ token: 't', received: 1 })).toBeNull()
  })
})

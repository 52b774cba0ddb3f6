/** What shows that an operator has invited somebody: out of a link, into requests, and what servers say to it. */
import { describe, expect, test } from 'vitest'
import { wantsInvitation } from '../src/ui/selectors.ts'
import { claimsOf, parseAccess, takeToken } from '../src/wire/access.ts'
import { roomId } from '../src/wire/ids.ts'
import { isFinal } from '../src/wire/refusal.ts'
import { parseRefusal, writeCreate, writeJoin } from '../src/wire/room-requests.ts'
import { events } from '../src/wire/server.ts'

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const token = (claims: unknown): string => `${part({ alg: 'HS256' })}.${part(claims)}.c2lnbmF0dXJl`

describe('an invitation to a server', () => {
  test('is taken out of the fragment, and out of nothing else', () => {
    const [good, page] = [token({}), 'https://chat.example/']
    expect(takeToken(`${page}#token=${good}`)).toEqual({ token: good, rest: page })
    expect(takeToken(`${page}#room=r&token=${good}&pwd=p`)).toEqual({
      token: good,
      rest: `${page}#room=r&pwd=p`,
    })
    for (const [link, rest] of [
      [`#/team-tea?pwd=p%20q&token=${good}`, '#/team-tea?pwd=p%20q'],
      [`#/team-tea?token=${good}&pwd=p`, '#/team-tea?pwd=p'],
      [`#/team-tea?token=${good}`, '#/team-tea'],
      [`#/team-tea&token=${good}`, '#/team-tea'],
      [`#token=${good}&room=r`, '#room=r'],
    ])
      expect(takeToken(page + link)).toEqual({ token: good, rest: page + rest })
    expect(takeToken('no address')).toBeNull()
    for (const other of [`?token=${good}`, '', '#token=', '#tokens=a.b.c', `#token=${'x'.repeat(4_097)}`])
      expect(takeToken(page + other)).toBeNull()
  })
  test('says of itself what it is for, and nonsense says nothing', () => {
    const claims = { room: 'team-tea', name: 'Ada ☕', rights: ['create', 'join'], exp: 1 }
    expect(claimsOf(token(claims))).toEqual({ room: 'team-tea', name: 'Ada ☕', creates: true })
    expect(claimsOf(token({ ...claims, name: 'x'.repeat(80) })).name).toHaveLength(60)
    const nothing = { room: null, name: '', creates: false }
    for (const odd of [
      token({ room: 5, name: {}, rights: 'create' }),
      token([]),
      token(null),
      '',
      'a.%.c',
      'a',
    ])
      expect(claimsOf(odd)).toEqual(nothing)
  })
  test('is kept for the tab as it was', () => {
    for (const access of [{ token: 't' }, { password: 'p' }]) expect(parseAccess(access)).toEqual(access)
    for (const odd of [null, 'x', {}, { token: 5 }, []]) expect(parseAccess(odd)).toBeNull()
  })
  test('goes with requests to make and to join a room', () => {
    const draft = { name: 'n', password: '', peersMax: 2, kind: 'mesh' } as const
    const request = { room: roomId('r'), password: '' }
    expect(writeCreate('0', draft, { token: 't' })).toMatchObject({ access: { token: 't' } })
    const named = writeCreate('0', { ...draft, named: 'tea' }, { token: 't' })
    expect(named).toMatchObject({ access: { token: 't', room: 'tea' } })
    expect(writeJoin('0', request, { password: 'p' })).toMatchObject({ access: { password: 'p' } })
    expect(writeJoin('0', request, null)).toMatchObject({ access: {} })
  })
  test('is asked for by what would be granted with one', () => {
    const refused = [10, 11, 12, 13].map(type => parseRefusal(events.create, { type }))
    expect(refused).toEqual([
      'not-invited-create',
      'bad-invitation',
      'expired-invitation',
      'wrong-server-password',
    ])
    expect(refused.every(it => wantsInvitation(it) && isFinal(it))).toBe(true)
    expect(parseRefusal(events.join, { type: 10 })).toBe('not-invited-join')
    // Who has the server's password opens the room; the others wait.
    const closed = parseRefusal(events.join, { type: 14 })
    expect([closed, wantsInvitation(closed), isFinal(closed)]).toEqual(['not-open-yet', true, false])
    for (const other of ['wrong-password', 'no-such-room', 'no-password'] as const)
      expect(wantsInvitation(other)).toBe(false)
  })
})

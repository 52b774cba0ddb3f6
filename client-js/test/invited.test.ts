/** What we show to a server that asks for an invitation, and with what we come into a room that we know. */
import { expect, test } from 'vitest'
import { invitationIn, targetOf, typedAccess } from '../src/app/invitations.ts'
import type { KnownRoom } from '../src/app/known-rooms.ts'
import { defaultSettings } from '../src/app/settings.ts'
import type { Client } from '../src/core/client.ts'
import { makeModel } from '../src/ui/model.ts'
import type { Access } from '../src/wire/access.ts'
import { roomId } from '../src/wire/ids.ts'
import { idlePreview } from './previews.ts'

const scene = (access: Access | null) => {
  const model = makeModel(defaultSettings, idlePreview)
  const client = { access } as Client
  const kept: (Access | null)[] = []
  const bar = {
    address: () => 'https://chat.example/#token=t',
    history: { setAddress: () => undefined },
    keepAccess: (it: Access | null) => void kept.push(it),
  }
  return { model, client, kept, bar }
}

test('a password that is wrong is forgotten, and what was there before is shown again', () => {
  for (const before of [null, { token: 't' }]) {
    const { model, client, kept, bar } = scene(before)
    model.serverPassword.value = 'no'
    const refused = typedAccess(bar, client, model)
    expect(client.access).toEqual({ password: 'no' })
    refused('wrong-server-password')
    expect([client.access, model.serverPassword.value, kept.at(-1)]).toEqual([before, '', before])
  }
})
test('a token that was not signed for this server is forgotten, and one that is only not needed stays', () => {
  const { model, client, kept, bar } = scene({ token: 't' })
  const refused = typedAccess(bar, client, model)
  refused('room-full')
  expect([client.access, kept]).toEqual([{ token: 't' }, []])
  refused('bad-invitation')
  expect([client.access, kept]).toEqual([null, [null]])
})
test('a token that comes later beats a password that was typed before', () => {
  const { model, client, bar } = scene({ password: 'no' })
  model.serverPassword.value = 'no'
  invitationIn(bar, client, model)
  typedAccess(bar, client, model)
  expect(client.access).toEqual({ token: 't' })
})

const known: KnownRoom = {
  id: roomId('tea'),
  name: 'Tea',
  kind: 'mesh',
  password: 'secret',
  peersMax: 8,
  key: 'k',
  linkName: 'tea',
  created: true,
  owns: true,
  planned: null,
  at: 0,
}

test('a name alone opens a room that we know with the password that others have in their links', () => {
  const named = { room: known.id, password: null, linkName: 'tea' }
  expect(targetOf(named, known).password).toBe('secret')
  expect(targetOf({ ...named, password: 'typed' }, known).password).toBe('typed')
  expect(targetOf(named, null).password).toBe('')
})

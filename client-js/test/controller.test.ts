/** Which way a command leads, and what is said where it leads nowhere. The server and the browser are made of nothing. */
import { beforeEach, expect, test, vi } from 'vitest'
import { AppController } from '../src/app/controller.ts'
import { type KnownRoom, withRoom } from '../src/app/known-rooms.ts'
import type { Page } from '../src/app/page.ts'
import { defaultSettings } from '../src/app/settings.ts'
import type { Preview, PreviewState } from '../src/call/preview.ts'
import type { Client, Entered } from '../src/core/client.ts'
import { makeModel } from '../src/ui/model.ts'
import type { Access } from '../src/wire/access.ts'
import { roomId } from '../src/wire/ids.ts'
import { soon } from './soon.ts'

// The screen is kept on there.
vi.stubGlobal('document', new EventTarget())

const parts = vi.hoisted(() => ({ there: true }))
vi.mock(import('../src/app/page.ts'), async original => {
  const page = await original()
  const missing = () => Promise.reject(new Error('the part is not there'))
  return { ...page, loadPlans: () => (parts.there ? page.loadPlans() : missing()) }
})

const site = 'https://chat.example/'
const key = 'kkkkkkkkkkkkkkkkkkkk_-'
const card = { id: roomId('r'), name: 'tea', password: 'p', peersMax: 8, kind: 'mesh', key } as const
const known = withRoom([], card, { created: true, owns: true }, 1)
const plain = { room: 'r', password: 'p', key, restore: { name: 'tea', kind: 'mesh', peersMax: 8 } }
type Refused = Extract<Entered, { ok: false }>['refusal']

const begin = (hash = '', rooms: readonly KnownRoom[] = []) => {
  const model = makeModel({ ...defaultSettings, name: 'Ada' }, {} as PreviewState)
  let [address, stored] = [`${site}${hash}`, rooms]
  const page: Page = {
    address: () => address,
    history: {
      setAddress: to => {
        address = to
      },
      enterRoom: () => undefined,
      entry: () => null,
      forward: () => undefined,
    },
    copy: async () => true,
    generatePassword: () => 'generated',
    alerts: () => Promise.reject(new Error('there is no sound')),
    drafts: new Map(),
    keepAccess: vi.fn(),
    install: async () => undefined,
    partFailed: vi.fn(),
    save: vi.fn(),
  }
  const server: { refusal: Refused; access: Access | null } = { refusal: 'not-invited-join', access: null }
  const join = vi.fn(async (_target: object): Promise<Entered> => ({ ok: false, refusal: server.refusal }))
  const client = Object.assign(server, { join, on: () => undefined })
  const store = {
    read: () => stored,
    write: (next: readonly KnownRoom[]) => {
      stored = next
      return true
    },
  }
  const controller = new AppController(model, page, client as unknown as Client, {} as Preview, store, null)
  const goTo = (to: string): void => {
    address = site + to
    controller.addressChanged()
  }
  return { model, page, client, goTo, commands: controller.commands }
}

beforeEach(() => {
  parts.there = true
})

const named = { linkName: 'team-tea' }

test('a room of the list that is refused leads to where something can be done about it', async () => {
  const { model, client, commands } = begin('', known)
  commands.openRoom('r')
  await soon(() => expect(model.trouble.value).toEqual({ where: 'invited', what: 'not-invited-join' }))
  expect(model.view.value).toMatchObject({ kind: 'invited', room: 'r', roomName: 'tea', password: 'known' })
  client.refusal = 'wrong-password'
  commands.join('invited')
  await soon(() => expect(model.view.value).toMatchObject({ password: 'wrong' }))
  expect(client.join.mock.calls.map(([target]) => target)).toMatchObject([plain, plain])
})

test('a room of the list whose password has changed asks for the new one', async () => {
  const { model, client, commands } = begin('', known)
  client.refusal = 'wrong-password'
  commands.openRoom('r')
  await soon(() => expect(model.view.value).toMatchObject({ kind: 'invited', password: 'wrong' }))
  model.join.value = { room: '', password: 'new' }
  commands.join('invited')
  await soon(() => expect(client.join).toHaveBeenCalledTimes(2))
  expect(client.join.mock.lastCall?.[0]).toMatchObject({ ...plain, password: 'new' })
})

test('whoever has no name yet is asked for it where the list is', async () => {
  const { model, client, commands } = begin('', known)
  model.userName.value = ''
  commands.openRoom('r')
  await soon(() => expect(model.trouble.value?.what).toBe('no-name'))
  expect(model.view.value.kind).toBe('start')
  expect(client.join).not.toHaveBeenCalled()
})

test('a pasted link keeps what opens its room again, and its password can be changed', async () => {
  const { model, client, commands } = begin()
  const link = `${site}#pwd=p&key=${key}&name=tea&room=r`
  model.join.value = { room: link, password: 'of another' }
  commands.pasted(link)
  await soon(() => expect(model.join.value).toEqual({ room: link, password: 'p' }))
  commands.join('join')
  await soon(() => expect(client.join).toHaveBeenCalledTimes(1))
  expect(client.join.mock.lastCall?.[0]).toMatchObject(plain)
  await soon(() => expect(model.busy.value).toBeNull())
  model.join.value = { room: link, password: 'new' }
  commands.join('join')
  await soon(() => expect(client.join).toHaveBeenCalledTimes(2))
  expect(client.join.mock.lastCall?.[0]).toMatchObject({ ...plain, password: 'new' })
})

test('what is known of a room counts where neither the link nor the field has its password', async () => {
  const { parseNamed } = await import('../src/core/room-keys.ts')
  const tea = parseNamed('team-tea')
  if (!tea?.key) throw new Error('the name makes no key')
  const { room: id, key: own, linkName = null } = tea
  const inTea = { ...card, id, key: own, linkName, password: 'of tea' }
  const rooms = withRoom(known, inTea, { created: false, owns: false }, 2)
  const { model, client, commands } = begin('', rooms)
  for (const [room, typed, password] of [
    [`${site}#/team-tea`, '', 'of tea'],
    [`${site}#/team-tea`, 'new', 'new'],
    [`${site}#/team-tea?pwd=inside&type=mesh&max=8`, '', 'inside'],
    ['r', '', 'p'],
    ['r', 'new', 'new'],
    // It was taken out of the field, in which the link had put it.
    [`${site}#pwd=old&key=${key}&name=tea&room=r`, '', ''],
  ] as const) {
    client.join.mockClear()
    model.join.value = { room, password: typed }
    commands.join('join')
    await soon(() => expect(client.join).toHaveBeenCalledTimes(1))
    expect(client.join.mock.lastCall?.[0], `${room} ${typed}`).toMatchObject({ password })
    await soon(() => expect(model.busy.value).toBeNull())
  }
})

const tokenFor = (claims: object): string =>
  `a.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c`

test('a pasted link with a token invites to the server, and leads to whatever room it names', async () => {
  const { model, page, client, commands } = begin()
  const [any, one] = [tokenFor({ rights: ['create'] }), tokenFor({ room: 'board' })]
  const paste = (hash: string): void => {
    model.join.value = { room: `Come: ${site}#${hash}`, password: '' }
    commands.join('join')
  }
  paste(`token=${any}`)
  await soon(() => expect(model.trouble.value).toEqual({ where: 'join', what: 'token-taken' }))
  expect(client.join).not.toHaveBeenCalled()
  expect(page.keepAccess).toHaveBeenLastCalledWith({ token: any })
  const rooms = [
    [`token=${one}`, { room: 'board' }],
    [`pwd=p&room=r&token=${one}`, { room: 'r' }],
    [`/team-tea?token=${one}`, named],
  ] as const
  for (const [hash, room] of rooms) {
    client.join.mockClear()
    client.access = null
    paste(hash)
    await soon(() => expect(client.join).toHaveBeenCalledTimes(1))
    expect(client.join.mock.lastCall?.[0]).toMatchObject(room)
    expect(client.access).toEqual({ token: one })
    await soon(() => expect(model.busy.value).toBeNull())
  }
})

test('a link that names its room and has a token leads there', async () => {
  const token = tokenFor({ room: 'other' })
  const { model, page, client, commands } = begin(`#/team-tea?token=${token}`)
  await soon(() => expect(page.address()).toBe(`${site}#/team-tea`))
  commands.join('invited')
  await soon(() => expect(client.join).toHaveBeenCalled())
  expect(client.join.mock.lastCall?.[0]).toMatchObject(named)
  expect(model.view.value).toMatchObject({ named: true })
})

test('a link that names its room is read again by whoever presses the button, and no other room entered', async () => {
  const { model, page, client, goTo, commands } = begin(`#pwd=p&room=r`)
  parts.there = false
  goTo('#/team-tea')
  await soon(() => expect(page.partFailed).toHaveBeenCalledTimes(1))
  commands.join('invited')
  await soon(() => expect(model.trouble.value).toEqual({ where: 'invited', what: 'not-loaded' }))
  expect(client.join).not.toHaveBeenCalled()
  parts.there = true
  commands.join('invited')
  await soon(() => expect(client.join).toHaveBeenCalled())
  expect(client.join.mock.lastCall?.[0]).toMatchObject(named)
})

test('what could not be loaded is said to be so, wherever it was wanted', async () => {
  const { model, commands } = begin()
  parts.there = false
  model.join.value = { room: `${site}#/team-tea`, password: '' }
  commands.join('join')
  await soon(() => expect(model.trouble.value).toEqual({ where: 'join', what: 'not-loaded' }))
  model.create.value = { ...model.create.value, named: true }
  commands.create('tea')
  await soon(() => expect(model.trouble.value).toEqual({ where: 'create', what: 'not-loaded' }))
  const planned = { from: 1, minutes: 1 }
  expect(await commands.planRoom('tea', planned)).toBe('not-loaded')
  expect(await commands.saveAppointment('r')).toBe(false)
  parts.there = true
  expect(await commands.planRoom('🫖', planned)).toBe('no-link-name')
})

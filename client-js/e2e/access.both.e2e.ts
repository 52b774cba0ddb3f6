/**
 * A server that lets nobody make rooms without an invitation: by its password, and by links with a token that the server
 * itself or an operator's own software has made. No address that a browser asks for holds one.
 */
import { execFileSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { Person } from './browser.ts'
import { house } from './house.ts'
import { Client } from './sockets/client.ts'

const settings = {
  P2PCHAT_ACCESS__CREATE: 'invited',
  P2PCHAT_ACCESS__PASSWORD: 'open sesame',
  P2PCHAT_ACCESS__TOKENS__SECRET: '0123456789abcdef0123456789abcdef',
  // Nobody is there. It is for those alone who have come into a room.
  P2PCHAT_ICE__SERVERS: '[{ urls = ["turn:127.0.0.1:34999"], username = "u", credential = "c" }]',
}
const env = { ...process.env, ...settings }
const home = house(settings)

/** At this server, wherever the link was made for. */
const here = (link: string): string => home.server().address + new URL(link).hash

const invite = (...flags: string[]): string =>
  here(execFileSync(process.env['SERVER_BIN'] ?? '', ['invite', ...flags], { env, encoding: 'utf8' }))

/** As docs/invitations.md has it, in a file of that name. */
const example = /```js\n([\s\S]*?)```/.exec(
  readFileSync(new URL('../../docs/invitations.md', import.meta.url), 'utf8'),
)?.[1]
const inviteBySoftware = (...words: string[]): string =>
  here(
    execFileSync(
      process.execPath,
      ['--input-type=module', '-e', example ?? '', '--', 'invite.mjs', ...words],
      {
        env,
        encoding: 'utf8',
      },
    ),
  )

const signed = (claims: object, secret = settings.P2PCHAT_ACCESS__TOKENS__SECRET): string => {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const text = `${part({ alg: 'HS256' })}.${part(claims)}`
  return here(`http://x/#token=${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`)
}

/** Somebody who keeps an eye on what the browser asks for, and on what its connections are made with. */
const arrive = async (address?: string): Promise<Person> => {
  const person = await home.arrive('about:blank')
  await person.context.addInitScript(() => {
    const made: RTCConfiguration[] = []
    Object.assign(globalThis, { made })
    const Native = RTCPeerConnection
    globalThis.RTCPeerConnection = class extends Native {
      constructor(configuration?: RTCConfiguration) {
        super(configuration)
        if (configuration) made.push(configuration)
      }
    }
  })
  person.page.on('request', request => {
    if (/token|sesame/.test(request.url())) person.complaints.push(request.url())
  })
  await person.page.goto(address ?? home.server().address)
  return person
}

const create = async ({ page }: Person, name: string): Promise<void> => {
  await page.getByLabel('Your name').fill(name)
  await page.getByRole('button', { name: 'Create room' }).click()
}
const servers = ({ page }: Person): Promise<(string | string[])[]> =>
  page.evaluate(() => {
    const { made } = globalThis as unknown as { made: RTCConfiguration[] }
    return made.flatMap(({ iceServers = [] }) => iceServers.map(({ urls }) => urls))
  })
const isReady = ({ page }: Person): Promise<void> => page.getByText('Your room is ready').waitFor()
const addressOf = ({ page }: Person): Promise<string> => page.evaluate(() => location.href)

test('with the server’s password, and not without', async () => {
  const ada = await arrive()
  const said = (words: string) => ada.page.locator('.start-create').getByText(words)
  await create(ada, 'Ada')
  await said('You need an invitation to make a room here.').waitFor()
  const field = ada.page.getByLabel('Server password')
  await field.fill('sesame')
  await create(ada, 'Ada')
  await said('This is not the server’s password.').waitFor()
  await field.fill('open sesame')
  await create(ada, 'Ada')
  await isReady(ada)
  const link = await ada.page.getByLabel('Link to this room').inputValue()

  // The link is enough for others, and a reload for her.
  const ben = await arrive(link)
  await ben.stepIn('Ben')
  await Promise.all([ben.sees('Ada'), ada.sees('Ben')])
  for (const person of [ada, ben]) {
    await expect.poll(async () => (await servers(person)).flat()).toContain('turn:127.0.0.1:34999')
  }
  await ada.page.reload()
  await Promise.all([ben.sees('Ada'), ada.sees('Ben')])
  await ada.leave()
  await ada.page.getByRole('button', { name: 'Start page' }).click()
  await create(ada, 'Ada')
  await isReady(ada)
})

test('with a link that has a token, until that ends', async () => {
  const ada = await arrive(invite('--name', 'Ada L.', '--hours', '1'))
  await ada.page.getByText('Connected to the server').waitFor()
  expect(await ada.page.getByLabel('Your name').inputValue()).toBe('Ada L.')
  expect(await addressOf(ada)).not.toContain('token')
  await ada.page.reload()
  await create(ada, 'Ada')
  await isReady(ada)
  await ada.sees('Ada', 'owner')
  expect(await ada.page.getByLabel('Link to this room').inputValue()).not.toContain('token')

  const rights = ['create', 'join', 'own']
  const [past, future] = [Date.now() / 1_000 - 3_600, Date.now() / 1_000 + 3_600]
  for (const [link, words] of [
    [signed({ rights, exp: past }), 'This invitation has expired.'],
    [signed({ rights, exp: future }, 'another secret'), 'This invitation is not valid here.'],
    [invite('--right', 'join'), 'You need an invitation to make a room here.'],
  ] as const) {
    const eve = await arrive(link)
    await create(eve, 'Eve')
    await eve.page.getByText(words).waitFor()
  }
})

test('into a room that tokens name, which its host makes', async () => {
  const guest = inviteBySoftware('Ben', 'team-tea', 'join')
  const early = await arrive(guest)
  await early.enter('Ben')
  await early.page.getByText('This room does not exist, or it has ended.').waitFor()

  const link = inviteBySoftware('Ada', 'team-tea', 'create', 'join', 'own')
  const ada = await arrive(link)
  await ada.enter('Ada')
  await ada.sees('Ada', 'owner')
  await early.page.getByRole('button', { name: 'Join room' }).click()
  await Promise.all([early.sees('Ada'), ada.sees('Ben')])
  await early.say('tea is ready')
  await ada.hears('Ben', 'tea is ready')

  // She is its owner in a later tab as well.
  await ada.page.close()
  const later = await Person.within(ada.context, link)
  await later.enter('Ada')
  await later.sees('Ada', 'owner')

  // Whoever guesses the name stays out, also with an original page.
  const eve = await arrive(`${home.server().address}/#room=team-tea&pwd=`)
  await eve.enter('Eve')
  await eve.page.getByText('You need an invitation to join this room.').waitFor()
  const original = await Client.introduced(home.server().address, { version: '4.4.1', way: 'websocket' })
  expect((await original.ask('JOIN-ROOM', { room: 'team-tea', password: '' })).body).toMatchObject({
    type: 3,
  })
  const draft = { maxUsers: 5, name: 'n', password: '', type: 0 }
  expect((await original.ask('CREATE-ROOM', draft)).body).toMatchObject({ type: 4 })
})

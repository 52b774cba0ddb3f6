/** Who can listen: the code that two people compare, addresses hidden behind a relay, servers of one's own. */
import { expect, test } from 'vitest'
import type { Person } from './browser.ts'
import { gather, house } from './house.ts'

// Without the relay inside, whoever hides an address needs one.
const home = house({ P2PCHAT_RELAY__ENABLED: 'false' })

const shown = async (person: Person, name: string) => {
  await person.page.getByRole('button', { name: `Connection to ${name}` }).click()
  const dialog = person.page.getByRole('dialog', { name: `Connection to ${name}` })
  await dialog.waitFor()
  return dialog
}

const straight = 'Direct connection between your browsers.'

const codeOf = async (person: Person, name: string, way = straight): Promise<string> => {
  const dialog = await shown(person, name)
  await dialog.getByText(way).waitFor()
  const code = (await dialog.locator('.safety-code').textContent())?.trim() ?? ''
  await person.page.keyboard.press('Escape')
  return code
}

test('in a mesh every pair has a code of its own, the same at both ends', async () => {
  const { people } = await gather(home, {}, 'Ada', 'Ben', 'Cyd')
  const [ada, ben, cyd] = people
  if (!ada || !ben || !cyd) throw new Error('nobody came')
  await Promise.all([cyd.sees('Ben'), ben.sees('Cyd'), ada.sees('Cyd'), ada.sees('Ben')])
  const codes = [await codeOf(ada, 'Ben'), await codeOf(ada, 'Cyd'), await codeOf(ben, 'Cyd')]
  expect([await codeOf(ben, 'Ada'), await codeOf(cyd, 'Ada'), await codeOf(cyd, 'Ben')]).toEqual(codes)
  expect(new Set(codes).size).toBe(3)
  for (const code of codes) expect(code).toMatch(/^(\d{5} ){5}\d{5}$/)
})

test('in a star every two have a code of their own, also past the host, and what it covers is said', async () => {
  const { people } = await gather(home, { kind: 'star' }, 'Ada', 'Ben', 'Cyd')
  const [ada, ben, cyd] = people
  if (!ada || !ben || !cyd) throw new Error('nobody came')
  await ada.sees('Ben')
  await cyd.row('Ben', 'through the host').waitFor({ state: 'attached' })
  const past = 'cannot change messages or files'
  const codes = [await codeOf(ben, 'Ada'), await codeOf(cyd, 'Ben', past)]
  expect([await codeOf(ada, 'Ben'), await codeOf(ben, 'Cyd', past)]).toEqual(codes)
  for (const code of codes) expect(code).toMatch(/^(\d{5} ){5}\d{5}$/)
  expect(codes[0]).not.toBe(codes[1])
})

/** Every configuration that the page has made connections with. */
const watchConnections = async ({ context }: Person): Promise<void> => {
  await context.addInitScript(() => {
    const made: unknown[] = []
    Object.assign(globalThis, { made })
    const Native = RTCPeerConnection
    globalThis.RTCPeerConnection = class extends Native {
      constructor(configuration?: RTCConfiguration) {
        super(configuration)
        made.push(configuration)
      }
    }
  })
}

test('an own server is checked, remembered, and used in place of the site’s; a hidden address needs a relay', async () => {
  const ada = await home.arrive('about:blank')
  await watchConnections(ada)
  await ada.page.goto(home.server().address)
  await ada.page.getByRole('button', { name: 'Settings' }).click()
  await ada.page.getByRole('tab', { name: 'Connection' }).click()
  const dialog = ada.page.getByRole('dialog', { name: 'Settings' })
  await dialog.getByRole('switch', { name: 'Hide my IP address' }).click()
  await dialog.getByText('you could not reach anyone').waitFor()
  const address = dialog.getByLabel('Server address', { exact: true })
  await address.fill('turn.example.org')
  await dialog.getByRole('button', { name: 'Add server' }).click()
  await dialog.getByText('This is not a STUN or TURN address').waitFor()
  // Where nothing listens, and no browser forbids the port.
  await address.fill('turn:127.0.0.1:5349')
  await dialog.getByRole('button', { name: 'Add server' }).click()
  await dialog.getByText('needs a username').waitFor()
  await dialog.getByLabel('Username').fill('ada')
  await dialog.getByLabel('Password').fill('secret')
  await dialog.getByRole('button', { name: 'Add server' }).click()
  await dialog.getByText('you could not reach anyone').waitFor({ state: 'detached' })
  await dialog.getByText('turn:127.0.0.1:5349', { exact: true }).waitFor()
  await ada.page.keyboard.press('Escape')
  const link = await ada.createRoom('Ada')
  const ben = await home.arrive(link)
  await ben.stepIn('Ben')
  await ada.page.waitForFunction(() => Reflect.get(globalThis, 'made').length > 0)
  const [made] = await ada.page.evaluate(() => Reflect.get(globalThis, 'made'))
  expect(made).toMatchObject({
    iceServers: [{ urls: ['turn:127.0.0.1:5349'], username: 'ada', credential: 'secret' }],
    iceTransportPolicy: 'relay',
  })
  await ada.page.reload()
  await ada.page.getByRole('button', { name: 'Settings' }).click()
  await ada.page.getByRole('tab', { name: 'Connection' }).click()
  await dialog.getByRole('button', { name: 'Test', exact: true }).click()
  await dialog.getByText('The server does not respond.').waitFor()
  await dialog.getByRole('button', { name: 'Remove turn:127.0.0.1:5349' }).click()
  await dialog.getByText('you could not reach anyone').waitFor()
})

test('a relay that the browser refuses is done without', async () => {
  const ada = await home.arrive()
  await ada.page.getByRole('button', { name: 'Settings' }).click()
  await ada.page.getByRole('tab', { name: 'Connection' }).click()
  const dialog = ada.page.getByRole('dialog', { name: 'Settings' })
  // Firefox makes no connection at all with a server on a port that is forbidden to pages.
  await dialog.getByLabel('Server address', { exact: true }).fill('turn:127.0.0.1:9')
  await dialog.getByLabel('Username').fill('ada')
  await dialog.getByLabel('Password').fill('secret')
  await dialog.getByRole('button', { name: 'Add server' }).click()
  await dialog.getByRole('button', { name: 'Test', exact: true }).click()
  await dialog.getByText('The server does not respond.').waitFor()
  await ada.page.keyboard.press('Escape')
  const ben = await home.arrive(await ada.createRoom('Ada'))
  await ben.stepIn('Ben')
  await ben.sees('Ada')
  await ben.say('here all the same')
  await ada.hears('Ben', 'here all the same')
})

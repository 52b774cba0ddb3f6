/** Pages behind real proxies, with the files that docs/deployment.md shows: with HTTPS, below a path, and with a line missing. */
import { describe, expect, onTestFinished, test } from 'vitest'
import { Person } from './browser.ts'
import { browsers } from './engines.ts'
import { type Fronted, isThere, replaced, type Setup, setups, startBehind } from './reverse-proxy.ts'

const nextBrowser = browsers()

const arrive = async (address: string): Promise<Person> => {
  const browser = await nextBrowser()
  const person = await Person.within(
    await browser.newContext({ ignoreHTTPSErrors: true, locale: 'en-GB' }),
    address,
  )
  onTestFinished(async ({ task }) => {
    // A picture of a failure in words, for there is nobody to look at it.
    if (task.result?.state === 'fail') console.error(await person.page.locator('body').ariaSnapshot())
    await person.close()
    expect(person.complaints).toEqual([])
  })
  return person
}

const start = async (setup: Setup): Promise<Fronted> => {
  const fronted = await startBehind(setup)
  onTestFinished(fronted.stop)
  return fronted
}

const plain = (setup: Setup): Setup => ({ ...setup, tls: 'none' })

describe.each<Setup>([
  setups.nginx,
  setups.nginxPath,
  setups.nginxStream,
  setups.caddy,
  setups.caddyPath,
  setups.haproxy,
  setups.haproxyPath,
  setups.haproxyTcp,
])('with HTTPS behind $title', setup => {
  test.skipIf(!isThere(setup))('people meet by the link, over a websocket', async () => {
    const { address } = await start(setup)
    const ada = await arrive(address)
    const sockets: string[] = []
    ada.page.on('websocket', socket => sockets.push(socket.url()))
    await ada.page.reload()
    const link = await ada.createRoom('Ada')
    expect(link.startsWith(`${address}#`)).toBe(true)
    const ben = await arrive(link)
    await ben.stepIn('Ben')
    await ben.sees('Ada')
    await ben.say('through')
    await ada.hears('Ben', 'through')
    const signaling = `${address.replace('https:', 'wss:')}api/signaling/`
    expect(sockets.some(it => it.startsWith(signaling))).toBe(true)
  })
})

describe.each<Setup>([
  plain(setups.nginxPath),
  setups.nginxPathKept,
  plain(setups.caddyPath),
  setups.caddyPathOff,
  plain(setups.haproxyPath),
])('below a path behind $title', setup => {
  test.skipIf(!isThere(setup))('the app can be installed, and is found without the slash', async () => {
    const { address } = await start(setup)
    // As people type it.
    const ada = await arrive(address.slice(0, -1))
    expect(ada.page.url()).toBe(address)
    const scope = await ada.page.evaluate(async () => (await navigator.serviceWorker.ready).scope)
    expect(scope).toBe(address)
    const manifest = await ada.page.evaluate(async () => {
      const named = document.querySelector<HTMLLinkElement>('link[rel=manifest]')?.href ?? ''
      const { start_url: begins, scope: covers } = await (await fetch(named)).json()
      return [new URL(begins, named).href, new URL(covers, named).href]
    })
    expect(manifest).toEqual([address, address])
  })
})

const broken = plain({
  ...setups.nginx,
  edit: text => replaced(text, 'proxy_set_header Upgrade $http_upgrade;', ''),
})

test.skipIf(!isThere(broken))(
  'the connection check names what a proxy forgets, and what mends it',
  async () => {
    const { address } = await start(broken)
    const ada = await arrive(address)
    await ada.page.getByRole('button', { name: 'Settings' }).click()
    await ada.page.getByRole('tab', { name: 'Connection' }).click()
    const found = ada.page.getByRole('region', { name: 'Connection check' })
    await found.getByRole('button', { name: 'Start check' }).click()
    const line = found.getByRole('listitem').filter({ hasText: 'Proxy configuration: does not work' })
    await line.filter({ hasText: 'proxy_set_header Upgrade $http_upgrade;' }).waitFor()
    await line.filter({ hasText: 'proxy_set_header Connection $connection_upgrade;' }).waitFor()
  },
)

const whole = plain(setups.nginx)

test.skipIf(!isThere(whole))('the connection check says that a proxy forgets nothing', async () => {
  const { address } = await start(whole)
  const ada = await arrive(address)
  await ada.page.getByRole('button', { name: 'Settings' }).click()
  await ada.page.getByRole('tab', { name: 'Connection' }).click()
  const found = ada.page.getByRole('region', { name: 'Connection check' })
  await found.getByRole('button', { name: 'Start check' }).click()
  await found.getByText('Proxy configuration: works').waitFor()
})

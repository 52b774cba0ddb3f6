/** What tests across networks need: the networks, the server in its own, and people at their places. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { Person, type RoomWish } from './browser.ts'
import { type Engine, executableOf, launch } from './engines.ts'
import { type Family, Networks, type Place } from './networks.ts'
import { keepPlayers } from './senses.ts'
import { freePort } from './server.ts'
import { openTunnel, type Tunnel } from './tunnel.ts'

/** The server's name, which browsers that check certificates of TURN want in place of an address. */
const host = 'chat.test'

/** Notes each connection of the page, so that the test can ask how it is connected. */
const noteConnections = (): void => {
  const made: RTCPeerConnection[] = []
  const Native = RTCPeerConnection
  Object.assign(globalThis, {
    made,
    RTCPeerConnection: class extends Native {
      constructor(configuration?: RTCConfiguration) {
        super(configuration)
        made.push(this)
      }
    },
  })
}

/** How the page reaches the other one: `direct`, or by the relay, which is reached by UDP, TCP or TLS. */
const wayOf = ({ page }: Person): Promise<string> =>
  page.evaluate(async () => {
    const { made } = globalThis as unknown as { made: readonly RTCPeerConnection[] }
    for (const peer of made) {
      const stats = [...(await peer.getStats()).values()]
      const selected = stats.find(it => it.type === 'transport')?.selectedCandidatePairId
      const isSelected = (it: RTCStats & { selected?: boolean }): boolean =>
        it.id === selected || it.selected === true
      const pair = stats.find(it => it.type === 'candidate-pair' && isSelected(it))
      const local = stats.find(it => it.id === pair?.localCandidateId)
      if (local) return local.candidateType === 'relay' ? `relay ${local.relayProtocol}` : 'direct'
    }
    return 'none'
  })

export const goes = (person: Person, way: string | RegExp): Promise<void> =>
  expect.poll(() => wayOf(person)).toMatch(way)

export type At = {
  readonly place: Place
  readonly engine?: Engine
  /** Everything goes through the relay. */
  readonly relayOnly?: boolean
}

export type Town = {
  readonly networks: () => Networks
  /** Somebody there, at the server's start page or at an invitation. */
  readonly arrive: (at: At, invitation?: string) => Promise<Person>
  /** The first makes the room, and the second follows the link, which comes with them. */
  readonly meet: (ann: At, bob: At, wish?: RoomWish) => Promise<readonly [Person, Person, string]>
}

/** `settings`: further ones of the server. */
export const town = (family: Family = 4, settings = ''): Town => {
  const folder = mkdtempSync(join(tmpdir(), 'p2pchat-networks-'))
  const browsers = new Map<string, Promise<Browser>>()
  const tunnels: Tunnel[] = []
  let made: Networks | null = null
  let present: Person[] = []

  const networks = (): Networks => {
    if (!made) throw new Error('there are no networks')
    return made
  }

  beforeAll(async () => {
    made = new Networks(folder, family)
    made.make()
    made.name(host)
    const [key, cert, config] = [join(folder, 'key'), join(folder, 'cert'), join(folder, 'config.toml')]
    const request = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=chat'
    const names = ['-addext', `subjectAltName=DNS:${host},IP:${made.serverAddress}`]
    const into = ['-keyout', key, '-out', cert]
    execFileSync('openssl', [...request.split(' '), ...names, ...into], { stdio: 'ignore' })
    writeFileSync(
      config,
      `[http]\nport = 443\n[tls]\nenabled = true\nkey_path = "${key}"\ncert_path = "${cert}"\n[state]\ndir = "memory"\n${settings}`,
    )
    await made.serve('--config', config)
  })
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail')
      for (const { page } of present)
        if (!page.isClosed()) console.error(await page.locator('body').ariaSnapshot())
    await Promise.all(present.map(person => person.close()))
    present = []
  })
  afterAll(async () => {
    await Promise.all([...browsers.values()].map(async browser => (await browser).close()))
    for (const tunnel of tunnels) tunnel.close()
    await made?.remove()
    rmSync(folder, { recursive: true, force: true })
  })

  const start = async (place: Place, engine: Engine): Promise<Browser> => {
    const executable = executableOf(engine)
    if (engine === 'chromium')
      return launch({ engine, executable: networks().programAt(place, executable), trusting: true })
    const port = await freePort()
    const node = networks().programAt(place, process.execPath)
    tunnels.push(await openTunnel(node, port, join(folder, `${place}-${port}`)))
    const program = networks().programAt(place, executable, `--remote-debugging-port=${port}`)
    return launch({ engine, executable: program, trusting: true })
  }

  const browserOf = ({ place, engine = 'chromium' }: At): Promise<Browser> => {
    const key = `${place} ${engine}`
    const browser = browsers.get(key) ?? start(place, engine)
    browsers.set(key, browser)
    return browser
  }

  // Where there is no IPv4, the address itself: IPv6 addresses in links are worth a test of their own.
  const address = (): string => `https://${family === 4 ? host : `[${networks().serverAddress}]`}/`

  const arrive = async (at: At, invitation = address()): Promise<Person> => {
    const context = await (await browserOf(at)).newContext({ ignoreHTTPSErrors: true, locale: 'en-GB' })
    await context.addInitScript(noteConnections)
    if (at.relayOnly === true)
      await context.addInitScript(() =>
        localStorage.setItem('p2pchat.settings', '{"version":1,"relayOnly":true}'),
      )
    await keepPlayers({ context })
    const person = await Person.within(context, invitation)
    present.push(person)
    return person
  }

  const meet: Town['meet'] = async (first, second, wish = {}) => {
    const ann = await arrive(first)
    const link = await ann.createRoom('Ann', wish)
    const bob = await arrive(second, link)
    await bob.stepIn('Bob')
    await Promise.all([ann.sees('Bob'), bob.sees('Ann')])
    return [ann, bob, link]
  }
  return { networks, arrive, meet }
}

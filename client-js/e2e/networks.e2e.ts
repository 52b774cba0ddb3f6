/** Two people behind symmetric NATs, who reach nothing but our server, itself behind one: nothing is set, and they meet. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { Person } from './browser.ts'
import { launch } from './engines.ts'
import { canMakeNetworks, Networks, serverAddress } from './networks.ts'

// A user who is not root can make none: these then count as skipped.
describe.skipIf(!canMakeNetworks())('two homes, and a server in a network of its own', () => {
  const folder = mkdtempSync(join(tmpdir(), 'p2pchat-networks-'))
  const chromium = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
  let networks: Networks
  let browsers: readonly Browser[] = []
  let present: Person[] = []

  beforeAll(async () => {
    const [key, cert, settings] = [join(folder, 'key'), join(folder, 'cert'), join(folder, 'config.toml')]
    const made = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=chat'
    const names = ['-addext', `subjectAltName=IP:${serverAddress}`, '-keyout', key, '-out', cert]
    execFileSync('openssl', [...made.split(' '), ...names], { stdio: 'ignore' })
    writeFileSync(
      settings,
      `[http]\nport = 443\n[tls]\nenabled = true\nkey_path = "${key}"\ncert_path = "${cert}"\n`,
    )
    networks = new Networks(folder)
    await networks.serve('--config', settings)
    const further = ['--ignore-certificate-errors']
    const inHome = (home: 'a' | 'b') => launch({ executable: networks.browserOf(home, chromium), further })
    browsers = [await inHome('a'), await inHome('b')]
  })
  afterEach(async () => {
    await Promise.all(present.map(person => person.close()))
    present = []
  })
  afterAll(async () => {
    await Promise.all(browsers.map(browser => browser.close()))
    await networks?.remove()
    rmSync(folder, { recursive: true, force: true })
  })

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

  const arrive = async (home: 0 | 1, address: string): Promise<Person> => {
    const browser = browsers[home]
    if (!browser) throw new Error('there is no browser')
    const context = await browser.newContext({ ignoreHTTPSErrors: true, locale: 'en-GB' })
    await context.addInitScript(noteConnections)
    const person = await Person.within(context, address)
    present.push(person)
    return person
  }

  /** The local candidate of the pair in use, and how it reaches the relay. */
  const wayOf = ({ page }: Person): Promise<unknown> =>
    page.evaluate(async () => {
      const { made } = globalThis as unknown as { made: readonly RTCPeerConnection[] }
      for (const peer of made) {
        const stats = [...(await peer.getStats()).values()]
        const pair = stats.find(
          it => it.type === 'candidate-pair' && it.state === 'succeeded' && it.nominated,
        )
        const local = stats.find(it => it.id === pair?.localCandidateId)
        if (local) return `${local.candidateType} ${local.relayProtocol}`
      }
      return 'none'
    })

  const meet = async (): Promise<readonly [Person, Person]> => {
    const ann = await arrive(0, `https://${serverAddress}/`)
    const link = await ann.createRoom('Ann')
    const bob = await arrive(1, link)
    await bob.stepIn('Bob')
    await ann.sees('Bob')
    await bob.sees('Ann')
    await bob.say('good to hear you')
    await ann.hears('Bob', 'good to hear you')
    return [ann, bob]
  }

  test('without NATs they go direct', async () => {
    networks.translate(false)
    networks.filter()
    const [ann, bob] = await meet()
    await expect.poll(() => wayOf(ann)).toBe('host undefined')
    await expect.poll(() => wayOf(bob)).toBe('host undefined')
  })

  test.each([
    ['with everything open, by UDP', [], 'relay udp'],
    ['with UDP blocked, by TCP', ['meta l4proto udp drop'], 'relay tcp'],
    [
      'with the HTTPS port alone, by TLS',
      ['oifname wan tcp dport != 443 drop', 'meta l4proto udp drop'],
      'relay tls',
    ],
  ])('behind symmetric NATs they meet %s', async (_, rules, way) => {
    networks.translate(true)
    networks.filter(...rules)
    const [ann, bob] = await meet()
    await expect.poll(() => wayOf(ann)).toBe(way)
    await expect.poll(() => wayOf(bob)).toBe(way)
  })
})

/** Two people behind NATs, who reach nothing but our server, itself behind one: nothing is set, and they meet. */
import { randomBytes } from 'node:crypto'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Person } from './browser.ts'
import { canMakeNetworks, relayPorts } from './networks.ts'
import { enterCall, hearsSounds, watches } from './senses.ts'
import { goes, town } from './town.ts'
import { accept, bytesOf, pick, saved, sha } from './transfers.ts'

const chatTogether = async (ann: Person, bob: Person): Promise<void> => {
  await bob.say('good to hear you')
  await ann.hears('Bob', 'good to hear you')
}

const doAll = async (ann: Person, bob: Person): Promise<void> => {
  await chatTogether(ann, bob)
  await enterCall(ann, 'Start call')
  await enterCall(bob, 'Join call')
  await Promise.all([watches(ann, /^Bob/), watches(bob, /^Ann/)])
  await Promise.all([hearsSounds(ann, 1), hearsSounds(bob, 1)])
  const bytes = randomBytes(1_000_001)
  await pick(ann, 'notes.bin', bytes)
  const got = await saved(bob, () => accept(bob, 'notes.bin'))
  expect(sha(await bytesOf(got))).toBe(sha(bytes))
}

const withoutUdp = 'meta l4proto udp drop'
const httpsAlone = ['oifname wan tcp dport != 443 drop', withoutUdp]

// A user who is not root can make none: these then count as skipped.
describe.skipIf(!canMakeNetworks())('two homes, and a server behind a router that forwards its ports', () => {
  const { networks, meet } = town()

  test.each(['none', 'easy'] as const)('NAT: %s; they go direct', async nat => {
    networks().translate(nat)
    networks().filter()
    const [ann, bob] = await meet({ place: 'a' }, { place: 'b' })
    await chatTogether(ann, bob)
    await Promise.all([goes(ann, 'direct'), goes(bob, 'direct')])
  })

  test('both behind the same symmetric NAT go direct', async () => {
    networks().translate('symmetric')
    networks().filter()
    const [ann, bob] = await meet({ place: 'a' }, { place: 'a2' })
    await chatTogether(ann, bob)
    await Promise.all([goes(ann, 'direct'), goes(bob, 'direct')])
  })

  test('two whom a home keeps apart go direct through its router, where that lets them in again', async () => {
    networks().translate('hairpin')
    networks().filter()
    networks().isolate(true)
    onTestFinished(() => networks().isolate(false))
    const [ann, bob] = await meet({ place: 'a' }, { place: 'a2' })
    await chatTogether(ann, bob)
    await Promise.all([goes(ann, 'direct'), goes(bob, 'direct')])
  })

  test.each([
    ['with everything open, by UDP', [], 'relay udp', 'firefox', 'chromium'],
    // Browsers that reach the relay in both ways take the one that answers first.
    ['with UDP blocked, by TCP or TLS', [withoutUdp], /^relay t(cp|ls)$/, 'chromium', 'firefox'],
    ['with the HTTPS port alone, by TLS', httpsAlone, 'relay tls', 'firefox', 'chromium'],
  ] as const)(
    'behind symmetric NATs they talk, see each other and hand over a file %s (%s %s: %s and %s)',
    async (_, rules, way, first, second) => {
      networks().translate('symmetric')
      networks().filter(...rules)
      const [ann, bob] = await meet({ place: 'a', engine: first }, { place: 'b', engine: second })
      await doAll(ann, bob)
      await Promise.all([goes(ann, way), goes(bob, way)])
    },
  )
})

describe.skipIf(!canMakeNetworks())('with real relay sockets', () => {
  // What stands for the internet here is a private network, and the server does not know its own address there.
  const settings = `[relay]
relay_ports = "${relayPorts}"
relay_addresses = ["198.18.0.1"]
allowed_networks = ["198.18.0.0/15"]
`
  const { networks, arrive } = town(4, settings)

  test('who may use nothing but the relay reaches whoever has none, and nobody in a private network', async () => {
    networks().translate('easy')
    networks().filter()
    const ann = await arrive({ place: 'a', relayOnly: true })
    const bob = await arrive({ place: 'b' }, await ann.createRoom('Ann'))
    await bob.page.evaluate(() => {
      // As behind a firewall that lets nobody use TURN.
      const Native = RTCPeerConnection
      Object.assign(globalThis, {
        RTCPeerConnection: class extends Native {
          constructor({ iceServers = [], ...further }: RTCConfiguration = {}) {
            const stun = iceServers.filter(it => String(it.urls).startsWith('stun:'))
            super({ ...further, iceServers: stun })
          }
        },
      })
    })
    await bob.stepIn('Bob')
    await Promise.all([ann.sees('Bob'), bob.sees('Ann')])
    await chatTogether(ann, bob)
    await Promise.all([goes(ann, 'relay udp'), goes(bob, 'direct')])
    // Bob's address at home was among his candidates.
    const health = await ann.page.evaluate(async () => (await fetch('/health')).json())
    expect(health.reasons.relay_denied_address).toBeGreaterThan(0)
  })
})

describe.skipIf(!canMakeNetworks())('without IPv4', () => {
  const { networks, meet } = town(6)

  // What comes unasked is kept out, as routers do where every device has an address of its own.
  const firewall = 'iifname wan ct state new drop'
  test.each([
    ['direct', [firewall], 'direct'],
    ['with the HTTPS port alone, by TLS', [firewall, ...httpsAlone], 'relay tls'],
  ] as const)('they meet %s', async (_, rules, way) => {
    networks().translate('none')
    networks().filter(...rules)
    const [ann, bob] = await meet({ place: 'a' }, { place: 'b' })
    await doAll(ann, bob)
    await Promise.all([goes(ann, way), goes(bob, way)])
  })
})

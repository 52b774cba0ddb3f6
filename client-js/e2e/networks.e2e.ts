/** Two people behind NATs, who reach nothing but our server, itself behind one: nothing is set, and they meet. */
import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { Person } from './browser.ts'
import { canMakeNetworks } from './networks.ts'
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

  test.each([
    ['with everything open, by UDP', [], 'relay udp', 'firefox', 'chromium'],
    ['with UDP blocked, by TCP', [withoutUdp], 'relay tcp', 'chromium', 'firefox'],
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

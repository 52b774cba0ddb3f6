/** A device that changes its network in the middle of a call, where no socket is closed, and one whose network is bad. */
import { randomBytes } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { canMakeNetworks, canSlow } from './networks.ts'
import { enterCall, hearsSounds, watches } from './senses.ts'
import { goes, town } from './town.ts'
import { accept, bytesOf, pick, saved, sha } from './transfers.ts'

describe.skipIf(!canMakeNetworks())('in a full room', () => {
  const { networks, arrive, meet } = town()

  test.each([
    ['loses', false],
    ['keeps', true],
  ])(
    'a device that %s its old address goes from the home to a mobile network: they hear each other again, and nobody is told',
    async (_, keeps) => {
      networks().move('home')
      networks().translate('easy')
      networks().filter()
      const [ann, bob, link] = await meet({ place: 'a' }, { place: 'b' }, { peersMax: 2 })
      await enterCall(ann, 'Start call')
      await enterCall(bob, 'Join call')
      await Promise.all([hearsSounds(ann, 1), hearsSounds(bob, 1)])
      const told = (): Promise<number> => bob.log.getByText(/ (left|joined)\b/).count()
      const before = await told()
      networks().move('mobile', keeps)
      // Nothing of this arrives by the old way.
      await ann.say('from the road')
      await bob.hears('Ann', 'from the road')
      await Promise.all([watches(ann, /^Bob/), watches(bob, /^Ann/)])
      await Promise.all([hearsSounds(ann, 1), hearsSounds(bob, 1)])
      await ann.page.getByText('Connected to the server').first().waitFor()
      expect(await told()).toBe(before)
      expect(await ann.page.getByText('has not let you back').count()).toBe(0)
      const cyd = await arrive({ place: 'b' }, link)
      await cyd.page.getByLabel('Your name').fill('Cyd')
      await cyd.page.getByRole('button', { name: 'Join room' }).click()
      await cyd.page.getByText('The room is full.').waitFor()
    },
  )
})

describe.skipIf(!canMakeNetworks() || !canSlow())(
  'with every packet 100 ms late and one of twenty lost',
  () => {
    const { networks, meet } = town()
    beforeAll(() => networks().slow(100, 5))

    test('they talk, see each other and hand over a file through the relay, over TLS', async () => {
      networks().translate('symmetric')
      networks().filter('meta l4proto udp drop', 'oifname wan tcp dport != 443 drop')
      const [ann, bob] = await meet({ place: 'a' }, { place: 'b' })
      await bob.say('can you hear me?')
      await ann.hears('Bob', 'can you hear me?')
      await enterCall(ann, 'Start call')
      await enterCall(bob, 'Join call')
      await Promise.all([watches(ann, /^Bob/), watches(bob, /^Ann/)])
      await Promise.all([hearsSounds(ann, 1), hearsSounds(bob, 1)])
      const bytes = randomBytes(200_001)
      await pick(ann, 'notes.bin', bytes)
      const got = await saved(bob, () => accept(bob, 'notes.bin'))
      expect(sha(await bytesOf(got))).toBe(sha(bytes))
      await Promise.all([goes(ann, 'relay tls'), goes(bob, 'relay tls')])
    })
  },
)

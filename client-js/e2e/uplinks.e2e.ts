/** A device goes from one network to another in the middle of a call: another address, and no socket that is closed. */
import { describe, expect, test, vi } from 'vitest'
import { canMakeNetworks } from './networks.ts'
import { enterCall, hearsSounds, watches } from './senses.ts'
import { town } from './town.ts'

vi.setConfig({ testTimeout: 120_000 })

describe.skipIf(!canMakeNetworks())('in a full room', () => {
  const { networks, arrive, meet } = town()

  test.each([
    ['which its system notices', false],
    ['which its system does not notice', true],
  ])(
    'from the home to a mobile network, %s: they hear each other again, and nobody is told',
    async (_, unnoticed) => {
      networks().move('home')
      networks().translate('easy')
      networks().filter()
      const [ann, bob, link] = await meet({ place: 'a' }, { place: 'b' }, { peersMax: 2 })
      await enterCall(ann, 'Start call')
      await enterCall(bob, 'Join call')
      await Promise.all([hearsSounds(ann, 1), hearsSounds(bob, 1)])
      const told = (): Promise<number> => bob.log.getByText(/ (left|joined)\b/).count()
      const before = await told()
      networks().move('mobile', unnoticed)
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

/** Pages at several nodes that share a Redis. */
import { expect, test, vi } from 'vitest'
import { house } from './house.ts'
import { isRedisThere, startNodes } from './nodes.ts'
import { OriginalPage } from './original-page.ts'
import { enterCall, watches } from './senses.ts'

vi.setConfig({ testTimeout: 120_000 })

const home = house()

test.skipIf(!isRedisThere())(
  'an original page and ours, each at a node of its own, chat and call each other',
  async () => {
    const [one, two] = await startNodes(2)
    if (!one || !two) throw new Error('no nodes')
    const ada = await home.arrive(one.address)
    const link = await ada.createRoom('Ada', { password: 'word' })
    const browser = ada.context.browser()
    if (!browser) throw new Error('no browser')
    const orla = await OriginalPage.arrive(browser, two.address, link, 'Orla')
    await ada.sees('Orla')
    await orla.say('hello from the other node')
    await ada.hears('Orla', 'hello from the other node')
    await ada.say('welcome')
    await orla.hears('welcome')
    await enterCall(ada, 'Start call')
    await orla.call()
    await Promise.all([watches(ada, /^Orla/), orla.watches()])
    expect(await orla.told()).toEqual([])
  },
)

/** What can be done with somebody's tile in a call, and what is seen of it. */
import { expect, test } from 'vitest'
import { gather, house } from './house.ts'
import { enterCall } from './senses.ts'

const home = house()

test('a double click pins a tile, and another one unpins it; in its menu it means nothing', async () => {
  const { people } = await gather(home, {}, 'Ada', 'Ben')
  const [ada, ben] = people
  if (!ada || !ben) throw new Error('nobody came')
  await enterCall(ada, 'Start call')
  await enterCall(ben, 'Join call')
  const tile = ben.page.getByRole('region', { name: /^Ada/ })
  const pinned = ben.page.getByRole('button', { name: 'Pin: Ada', pressed: true })
  const free = ben.page.getByRole('button', { name: 'Pin: Ada', pressed: false })
  await tile.dblclick()
  await pinned.waitFor()
  await tile.dblclick()
  await free.waitFor()
  await tile.getByRole('button', { name: 'Options for Ada' }).click()
  const volume = tile.getByRole('slider', { name: 'Volume of Ada' })
  await volume.dblclick()
  await ben.page.keyboard.press('Escape')
  await volume.waitFor({ state: 'detached' })
  expect(await free.count()).toBe(1)
})

test('whoever is turned down to nothing carries a mark', async () => {
  const { people } = await gather(home, {}, 'Ada', 'Ben')
  const [ada, ben] = people
  if (!ada || !ben) throw new Error('nobody came')
  await enterCall(ada, 'Start call')
  await enterCall(ben, 'Join call')
  const tile = ben.page.getByRole('region', { name: /^Ada/ })
  const marked = ben.page.getByRole('region', { name: /^Ada.*, you have muted them/ })
  const mark = tile.locator('.tile-label svg.icon')
  await tile.getByRole('button', { name: 'Options for Ada' }).click()
  const volume = tile.getByRole('slider', { name: 'Volume of Ada' })
  await volume.waitFor()
  expect(await mark.count()).toBe(0)
  await volume.fill('0')
  await marked.waitFor()
  expect(await mark.count()).toBe(1)
  await volume.fill('40')
  await marked.waitFor({ state: 'detached' })
  expect(await mark.count()).toBe(0)
})

/** A star in real browsers: everything goes through the host, and ends with it. */
import { expect, test } from 'vitest'
import { gather, house } from './house.ts'

const home = house()

test('guests talk to each other through the host', async () => {
  const { people } = await gather(home, { kind: 'star', password: 'word' }, 'Hal', 'Ben', 'Cyd')
  const [hal, ben, cyd] = people
  if (!hal || !ben || !cyd) throw new Error('nobody came')
  await ben.sees('Cyd', 'through the host')
  await cyd.sees('Ben', 'through the host')
  await Promise.all([hal, ben].map(person => person.isTold('Cyd joined')))
  // Who was there before has not just come.
  await cyd.log.getByText('Say hello.').waitFor()
  await ben.say('from guest to guest')
  await Promise.all([cyd.hears('Ben', 'from guest to guest'), hal.hears('Ben', 'from guest to guest')])
  await hal.say('from the host')
  await Promise.all([ben.hears('Hal', 'from the host'), cyd.hears('Hal', 'from the host')])
  await ben.leave()
  await cyd.isTold('Ben left')
  expect(await cyd.page.locator('#people li').count()).toBe(2)
})

test('a host with guests is asked before it ends the room, and one without is not', async () => {
  const { people } = await gather(home, { kind: 'star' }, 'Hal', 'Ben')
  const [hal, ben] = people
  if (!hal || !ben) throw new Error('nobody came')
  await hal.page.getByRole('button', { name: 'Leave', exact: true }).click()
  const question = hal.page.getByRole('dialog', { name: 'End the room for everyone?' })
  await question.getByRole('button', { name: 'Stay' }).click()
  await question.waitFor({ state: 'detached' })
  await ben.say('still here')
  await hal.hears('Ben', 'still here')
  await ben.leave()
  await hal.isTold('Ben left')
  await hal.page.getByRole('button', { name: 'Leave', exact: true }).click()
  await hal.page.getByRole('heading', { name: 'The room has ended' }).waitFor()
})

test('when the host leaves, the guests are told, and what was said stays', async () => {
  const { people } = await gather(home, { kind: 'star' }, 'Hal', 'Ben', 'Cyd')
  const [hal, ben, cyd] = people
  if (!hal || !ben || !cyd) throw new Error('nobody came')
  await hal.say('last words')
  await Promise.all([ben.hears('Hal', 'last words'), cyd.hears('Hal', 'last words')])
  await hal.leave()
  for (const guest of [ben, cyd]) {
    await guest.page.getByText('This room has ended.').waitFor()
    await guest.isTold('The host left')
    await guest.hears('Hal', 'last words')
    expect(await guest.page.getByLabel('Message').count()).toBe(0)
  }
  await hal.page.getByRole('heading', { name: 'The room has ended' }).waitFor()
  expect(await hal.page.getByRole('button', { name: 'Rejoin' }).count()).toBe(0)
})

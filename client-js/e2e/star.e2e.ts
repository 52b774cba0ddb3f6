/** A star in real browsers: everything goes through the host. */
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

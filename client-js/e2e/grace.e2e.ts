/** A line to the server that is cut for longer than the server waits: one is gone there, and back by oneself. */
import { expect, test } from 'vitest'
import { gather, house, peersAre } from './house.ts'
import { gateTo } from './sockets/gate.ts'

const home = house({ P2PCHAT_SESSIONS__GRACE_S: '1' })

test.each(['mesh', 'star'] as const)('in a %s, and those who are linked notice nothing', async kind => {
  const { people, link } = await gather(home, { kind }, 'Ada')
  const [ada] = people
  if (!ada) throw new Error('nobody came')
  const gate = await gateTo(home.server().address)
  const ben = await home.arrive(`${gate.address}/${new URL(link).hash}`)
  await ben.stepIn('Ben')
  await Promise.all([ben.sees('Ada'), ada.sees('Ben')])
  gate.cut()
  await ben.isTold('Connection to the server lost')
  await peersAre(home, 1)
  await ada.say('still there?')
  await ben.hears('Ada', 'still there?')
  gate.open()
  await ben.isTold('Connection to the server restored')
  const cyd = await home.arrive(link)
  await cyd.stepIn('Cyd')
  const cydSees = kind === 'mesh' ? cyd.sees('Ben') : cyd.sees('Ben', 'through the host')
  await Promise.all([cyd.sees('Ada'), cydSees])
  await ben.say('back')
  await Promise.all([ada.hears('Ben', 'back'), cyd.hears('Ben', 'back')])
  expect(await ada.log.getByText(/Ben left/).count()).toBe(0)
  expect(await ada.page.locator('#people li').count()).toBe(3)
})

test('the host of a star: somebody else is host then, and it comes back as a guest', async () => {
  const server = home.server().address
  const gate = await gateTo(server)
  const hal = await home.arrive(gate.address)
  const link = (await hal.createRoom('Hal', { kind: 'star' })).replace(gate.address, server)
  const [ben, cyd] = [await home.arrive(link), await home.arrive(link)]
  await ben.stepIn('Ben')
  await ben.sees('Hal')
  await cyd.stepIn('Cyd')
  await cyd.sees('Ben', 'through the host')
  gate.cut()
  await hal.isTold('Connection to the server lost')
  await Promise.all([ben, cyd].map(it => it.log.getByText(/is the host now/).waitFor()))
  await Promise.all([ben.sees('Cyd'), cyd.sees('Ben')])
  gate.open()
  await hal.isTold('Connection to the server restored')
  await Promise.all([hal, ben, cyd].map(it => it.page.locator('#people li:nth-child(3)').waitFor()))
  await hal.say('I am back')
  await Promise.all([ben.hears('Hal', 'I am back'), cyd.hears('Hal', 'I am back')])
  await cyd.say('welcome')
  await Promise.all([hal.hears('Cyd', 'welcome'), ben.hears('Cyd', 'welcome')])
})

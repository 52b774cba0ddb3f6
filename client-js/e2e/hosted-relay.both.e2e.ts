/** A star that the server hosts, whose port nobody reaches: its relay leads there. */
import { expect, test } from 'vitest'
import { house } from './house.ts'
import { enterCall, hearsSounds, keepPlayers, watches } from './senses.ts'

// An address for documentation (RFC 5737), where nothing answers.
const home = house({
  P2PCHAT_HOST__ENABLED: 'true',
  P2PCHAT_HOST__PORT: '0',
  P2PCHAT_HOST__ADDRESSES: '["192.0.2.77"]',
})

const arrive = async (address: string) => {
  const person = await home.arrive('about:blank')
  await keepPlayers(person)
  await person.page.goto(address)
  return person
}

test('people talk, see and hear each other by the relay alone', async () => {
  const ada = await arrive(home.server().address)
  const link = await ada.createRoom('Ada', { kind: 'server' })
  const ben = await arrive(link)
  await ben.stepIn('Ben')
  await ben.sees('Ada', 'through the server')
  await ben.say('by another way')
  await ada.hears('Ben', 'by another way')
  await enterCall(ada, 'Start call')
  await ben.page.getByText('Ada is in the call').waitFor()
  await enterCall(ben, 'Join call')
  await Promise.all([watches(ada, /^Ben/), watches(ben, /^Ada/)])
  await Promise.all([hearsSounds(ada, 1), hearsSounds(ben, 1)])
  const health = await fetch(`${home.server().address}/health`).then(it => it.json())
  expect(health.relay.packets).toBeGreaterThan(100)
})

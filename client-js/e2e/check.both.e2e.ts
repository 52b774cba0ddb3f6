/** The connection check in the settings, at a server whose relay leads somewhere by one way and nowhere by another. */
import { expect, test } from 'vitest'
import { house } from './house.ts'
import { freePort } from './server.ts'

// By UDP nobody is there; by TCP the server's own relay is.
const port = await freePort()
const urls = [
  `stun:127.0.0.1:${port}`,
  'turn:127.0.0.1:9999?transport=udp',
  `turn:127.0.0.1:${port}?transport=tcp`,
]
const home = house({ P2PCHAT_RELAY__PORT: String(port), P2PCHAT_RELAY__URLS: JSON.stringify(urls) })

test('says which way leads somewhere and which does not, outside of rooms and in one', async () => {
  const ada = await home.arrive(home.server().address)
  const check = async (): Promise<void> => {
    await ada.page.getByRole('button', { name: 'Settings' }).click()
    await ada.page.getByRole('tab', { name: 'Connection' }).click()
    const found = ada.page.getByRole('region', { name: 'Connection check' })
    await found.getByRole('button', { name: 'Start check' }).click()
    await found.getByText('You can reach people, directly or through the relay (TCP).').waitFor()
    const lines = await found.getByRole('listitem').allInnerTexts()
    const said = lines.map(line => line.split('\n')[0])
    expect(said).toEqual([
      'Secure page: works',
      'Microphone: works',
      'Camera: works',
      'Connection to the server: works',
      'STUN server: works',
      'Relay over UDP: does not work',
      'Relay over TCP: works',
      'Relay over TLS: not set up',
    ])
    const copy = found.getByRole('button', { name: 'Copy report' })
    const isInSight = (): Promise<boolean> =>
      copy.evaluate(button => {
        const { left, top, width, height } = button.getBoundingClientRect()
        return button.contains(document.elementFromPoint(left + width / 2, top + height / 2))
      })
    await expect.poll(isInSight).toBe(true)
    await ada.page.keyboard.press('Escape')
  }
  await check()
  const health = await (await fetch(`${home.server().address}/health`)).json()
  expect(health).toMatchObject({ rooms: 0 })
  await ada.createRoom('Ada')
  await check()
})

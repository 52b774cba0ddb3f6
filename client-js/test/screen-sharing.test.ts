/** What is asked of the browser when somebody shares a screen. */
import { expect, test } from 'vitest'
import { LocalScreens } from '../src/call/local-screens.ts'

const askedFor = async (sound: boolean): Promise<DisplayMediaStreamOptions | undefined> => {
  const asked: DisplayMediaStreamOptions[] = []
  const screens = new LocalScreens({
    pick: async wanted => {
      asked.push(wanted)
      throw Object.assign(new Error(), { name: 'NotAllowedError' })
    },
    changed: () => undefined,
    trouble: () => undefined,
  })
  await screens.share({ sound, hint: 'text' })
  return asked[0]
}

test('the sound of a screen comes untreated, and without what the page itself plays of the others', async () => {
  const asked = await askedFor(true)
  expect(asked).toMatchObject({ systemAudio: 'include' })
  expect(asked?.audio).toEqual({
    echoCancellation: false,
    noiseSuppression: false,
    autoGainControl: false,
    restrictOwnAudio: true,
  })
})

test('a screen without its sound asks for none', async () => {
  expect(await askedFor(false)).toMatchObject({ audio: false, systemAudio: 'exclude' })
})

/** An offer lasts as long as its owner offers it: nobody is asked to accept what cannot be had, or to fetch it again. */
import { describe, expect, test } from 'vitest'
import { canFetch, downloadWords, openOffers } from '../src/ui/file-words.ts'
import { type Page, pattern, Scene } from './transfers-scene.ts'

const offered = () => {
  const scene = new Scene()
  const [ada, ben] = [scene.page('ada'), scene.page('ben')]
  return { scene, ada, ben, card: ada.share(pattern(5)) }
}

const leave = (scene: Scene, page: Page): void => {
  scene.pages.splice(scene.pages.indexOf(page), 1)
  scene.meet()
  scene.settle()
}

const comeBack = (scene: Scene, page: Page): void => {
  scene.pages.push(page)
  scene.meet()
}

describe('an offer whose owner has left', () => {
  test('says at once that it is not available, and is not counted or accepted', () => {
    const { scene, ada, ben } = offered()
    expect(openOffers(ben.state)).toHaveLength(1)
    leave(scene, ada)
    expect(openOffers(ben.state)).toEqual([])
    expect(downloadWords(ben.only(), false)).toMatch(/^No longer available: ada/)
    ben.accept()
    expect(ben.only().phase).toBe('offered')
  })

  test('is an offer again once they are back and offer it, and not before', () => {
    const { scene, ada, ben, card } = offered()
    leave(scene, ada)
    comeBack(scene, ada)
    expect(openOffers(ben.state)).toEqual([])
    scene.offer(ada, card)
    expect(openOffers(ben.state)).toHaveLength(1)
    expect(downloadWords(ben.only(), true)).toBe('ada wants to send this file.')
    ben.accept()
    expect(ben.only().phase).toBe('kept')
  })

  test('stays open while they are there and only out of reach', () => {
    const { scene, ada, ben } = offered()
    scene.separate(ada, ben)
    expect(openOffers(ben.state)).toHaveLength(1)
  })

  test('and that was declined cannot be fetched', () => {
    const { scene, ada, ben, card } = offered()
    ben.feed({ type: 'decline', key: ben.only().key })
    scene.settle()
    expect(canFetch(ben.only())).toBe(true)
    leave(scene, ada)
    expect(canFetch(ben.only())).toBe(false)
    expect(downloadWords(ben.only(), false)).toBe('You declined this file.')
    comeBack(scene, ada)
    scene.offer(ada, card)
    expect(canFetch(ben.only())).toBe(true)
  })
})

describe('a file that was withdrawn', () => {
  const withdraw = (ada: Page, ben: Page): void => {
    const { id } = ben.only().file
    ada.feed({ type: 'unshare', file: id })
    ben.feed({ type: 'withdrawn', owner: ada.name, file: id, lost: false })
  }

  test.each(['declined', 'cancelled by its sender', 'cancelled here'])(
    'after it was %s is not offered for download',
    how => {
      const { scene, ada, ben } = offered()
      if (how === 'declined') ben.feed({ type: 'decline', key: ben.only().key })
      else {
        ben.slow = true
        ben.accept()
        const [key] = how === 'cancelled here' ? [ben.only().key] : [ada.outgoing[0]?.key ?? 'out 0']
        const page = how === 'cancelled here' ? ben : ada
        page.feed({ type: 'cancel', key })
      }
      scene.settle()
      expect(canFetch(ben.only())).toBe(true)
      const said = downloadWords(ben.only(), true)
      withdraw(ada, ben)
      expect(canFetch(ben.only())).toBe(false)
      expect(downloadWords(ben.only(), true)).toBe(said)
    },
  )
})

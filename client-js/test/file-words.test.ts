/** What a sender's card says of each receiver: who has ended a transfer, and who is waited for. */
import { expect, test } from 'vitest'
import { creditBytes } from '../src/files/channel-download.ts'
import { uploadWords } from '../src/ui/file-words.ts'
import { pattern, Scene } from './transfers-scene.ts'

/** Ben has a part of a file of Ada's. */
const running = () => {
  const scene = new Scene()
  const [ada, ben] = [scene.page('ada'), scene.page('ben')]
  ada.share(pattern(creditBytes + 5))
  ben.slow = true
  ben.accept()
  const words = (): string => {
    const [it] = ada.outgoing
    const transport = it && ada.state.routes.get(it.member)?.transport
    return it ? uploadWords(it, transport === 'channel') : ''
  }
  return { scene, ada, ben, words }
}

test('whoever cancels their own upload reads that it was they', () => {
  const { scene, ada, ben, words } = running()
  ada.feed({ type: 'cancel', key: ada.outgoing[0]?.key ?? 'out 0' })
  scene.settle()
  expect(words()).toBe('cancelled by you')
  expect(ben.only()).toMatchObject({ phase: 'stopped', why: 'cancelled' })
})

test('an upload that its receiver has cancelled says so', () => {
  const { scene, ben, words } = running()
  ben.feed({ type: 'cancel', key: ben.only().key })
  scene.settle()
  expect(words()).toBe('cancelled by recipient')
})

test('an interrupted upload waits for a connection, and with one for its receiver', () => {
  const { scene, ada, ben, words } = running()
  scene.separate(ada, ben)
  expect(words()).toBe('interrupted, resumes once reconnected')
  // The receiver's page was loaded anew: it asks for nothing until the person resumes.
  scene.pages.splice(scene.pages.indexOf(ben), 1)
  scene.cut.clear()
  scene.page('ben')
  scene.settle()
  expect(words()).toBe('interrupted, waiting for them to resume')
})

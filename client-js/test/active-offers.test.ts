/** What is offered still is told to whoever comes later, in a mesh and in a star, once. */
import { describe, expect, test } from 'vitest'
import { goneWords } from '../src/ui/file-words.ts'
import { fileId, newMessageId } from '../src/wire/ids.ts'
import { noCaps } from '../src/wire/peer.ts'
import { Scene, stayOf } from './scene.ts'

const card = (name: string) => ({ id: fileId(name), name, size: 5, media: '' })
const offer = (scene: Scene, who: string, ...names: string[]): void => {
  const id = newMessageId(crypto.getRandomValues(new Uint8Array(12)))
  scene.feed(who, { type: 'offer-files', files: names.map(card), id })
}
const offers = (scene: Scene, who: string): string[] =>
  scene.screen(who).filter(line => line.includes(' offers '))

describe.each(['mesh', 'star'] as const)('in a %s', kind => {
  const room = (): Scene => {
    const scene = new Scene(kind)
    scene.enter('ada')
    return scene
  }

  test('one who is alone offers to whoever comes', () => {
    const scene = room()
    offer(scene, 'ada', 'a', 'b')
    scene.enter('ben')
    expect(offers(scene, 'ben')).toEqual(['ada offers a', 'ada offers b'])
    const told = scene.files.filter(({ to }) => to === 'ben').map(({ about }) => about.kind)
    expect(told).toEqual(['offered', 'offered'])
  })

  test('others’ offers are told as theirs, and one’s own not to oneself', () => {
    const scene = room()
    scene.enter('ben')
    offer(scene, 'ben', 'b')
    scene.enter('cyd')
    expect(offers(scene, 'cyd')).toEqual(['ben offers b'])
    expect(offers(scene, 'ada')).toEqual(['ben offers b'])
    expect(offers(scene, 'ben')).toEqual(['ben offers b'])
  })

  test('a file that an earlier page of ours has in part is shown once when its owner offers it', () => {
    const scene = room()
    scene.enter('ben')
    scene.feed('ben', { type: 'resumable-file', file: card('a'), name: 'ada' })
    offer(scene, 'ada', 'a')
    expect(offers(scene, 'ben')).toEqual(['ada offers a'])
  })

  test('what was taken back, or left with its owner, is told to nobody', () => {
    const scene = room()
    scene.enter('ben')
    offer(scene, 'ben', 'b')
    offer(scene, 'ada', 'a')
    scene.feed('ada', { type: 'withdraw-file', file: fileId('a') })
    scene.leave('ben')
    scene.enter('cyd')
    expect(offers(scene, 'cyd')).toEqual([])
  })

  test('whatever is left in the conversation says which file it was', () => {
    const scene = room()
    scene.enter('ben')
    offer(scene, 'ada', 'plan.pdf')
    scene.feed('ada', { type: 'withdraw-file', file: fileId('plan.pdf') })
    const said = (who: string): string[] =>
      scene.room(who).state.timeline.flatMap(it => (it.kind === 'file' ? [goneWords(it)] : []))
    expect(said('ada')).toEqual(['You no longer offer “plan.pdf”.'])
    expect(said('ben')).toEqual(['“plan.pdf” is no longer available.'])
  })

  test('over a link that was mended nothing is told twice', () => {
    const scene = room()
    scene.enter('ben')
    offer(scene, 'ada', 'a')
    scene.breakLink('ada', 'ben')
    scene.frames.clear()
    scene.pass(5_000)
    expect(scene.seen('ben')['ada']).toBe('direct')
    expect(offers(scene, 'ben')).toEqual(['ada offers a'])
  })

  test('whoever was given up and comes back tells everybody again what they offer', () => {
    const scene = room()
    scene.enter('ben')
    scene.enter('cyd')
    offer(scene, 'ben', 'b')
    const told = (who: string): number =>
      scene.files.filter(({ to, from }) => to === who && from === stayOf('ben')).length
    const listed = (who: string): boolean => scene.seen(who)['ben'] !== undefined
    expect([told('ada'), told('cyd')]).toEqual([1, 1])
    scene.loseLine('ben')
    scene.breakLink('ada', 'ben')
    if (kind === 'mesh') scene.breakLink('cyd', 'ben')
    while ((listed('ada') || listed('cyd')) && scene.now < 600_000) scene.pass(5_000)
    expect([listed('ada'), listed('cyd')]).toEqual([false, false])
    scene.findLine('ben')
    scene.pass(60_000)
    expect([listed('ada'), listed('cyd')]).toEqual([true, true])
    expect([told('ada'), told('cyd')]).toEqual([2, 2])
  })

  test('an original page that comes later is told in its own words, announced before shown', () => {
    const scene = room()
    offer(scene, 'ada', 'a')
    scene.frames.clear()
    scene.enter('old', scene.password, noCaps)
    const said = JSON.stringify(scene.frames.get('old'))
    const announced = said.indexOf('"dataType":"FileData"')
    expect(announced).toBeGreaterThan(0)
    expect(said.indexOf('"files":[{"FileID":"a"')).toBeGreaterThan(announced)
  })
})

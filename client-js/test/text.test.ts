/** Texts are those of the language that is spoken when they are needed. */
import { effect } from '@preact/signals'
import type { VNode } from 'preact'
import { afterEach, expect, test, vi } from 'vitest'
import { speak, spoken, texts } from '../src/ui/language.ts'
import { Announcer, announce } from '../src/ui/parts/frame.tsx'
import { de } from '../src/ui/texts/de.ts'
import { en } from '../src/ui/texts/en.ts'

afterEach(async () => {
  vi.unstubAllGlobals()
  await speak('en', [])
})

test('whoever reads a text while drawing draws again when the language changes', async () => {
  const drawn: string[] = []
  const stop = effect(() => void drawn.push(texts().room.leave))
  await speak('de', [])
  stop()
  expect(drawn).toEqual([en.room.leave, de.room.leave])
})

const browser = [
  'document',
  'navigator',
  'matchMedia',
  'addEventListener',
  'HTMLElement',
  'HTMLInputElement',
  'HTMLMediaElement',
  'HTMLVideoElement',
]
/** Stands for whatever of a browser is asked for as a file is loaded. */
const anything: unknown = new Proxy(() => undefined, { get: () => anything, apply: () => anything })

test('no file keeps a text of the language that was spoken when it was loaded', async () => {
  const early: string[] = []
  let loading = ''
  spoken.value = {
    ...spoken.value,
    get words() {
      early.push(loading)
      return en
    },
  }
  const files = import.meta.glob('../src/ui/**/*.{ts,tsx}')
  for (const name of browser) vi.stubGlobal(name, anything)
  for (const [path, load] of Object.entries(files)) {
    loading = path
    await load()
  }
  expect(Object.keys(files).length).toBeGreaterThan(50)
  expect(early).toEqual([])
  texts()
  expect(early).toHaveLength(1)
})

test('what is announced is marked with the language it was said in', async () => {
  announce(texts().call.said.entered)
  await speak('de', [])
  announce(texts().call.said.out)
  const lines = (Announcer() as VNode<{ children: VNode<{ lang: string; children: string }>[] }>).props
    .children
  expect(lines.map(({ props }) => [props.lang, props.children])).toEqual([
    ['en', en.call.said.entered],
    ['de', de.call.said.out],
  ])
})

/** Owns the one place from which things are said to those who do not see them happen. */
import { signal } from '@preact/signals'
import { spoken } from '../language.ts'

/** `tag`: the language it was said in, which it keeps: said again in another one, it would be read out again. */
type Said = { readonly key: number; readonly words: string; readonly tag: string }

const said = signal<readonly Said[]>([])

/** Several can happen at once; the same words twice are said twice, since they are a new element each time. */
const keptMax = 5

export const announce = (words: string): void => {
  const key = (said.value.at(-1)?.key ?? 0) + 1
  said.value = [...said.value.slice(1 - keptMax), { key, words, tag: spoken.peek().tag }]
}

export const Announcer = () => (
  <div class="sr-only" role="status" aria-live="polite">
    {said.value.map(({ key, words, tag }) => (
      <p key={key} lang={tag}>
        {words}
      </p>
    ))}
  </div>
)

/**
 * The choice of emoji: by group, by name, or among those that were chosen often. The Tab key has one stop for the groups
 * and one for the emoji; the arrow keys go on from there, and lead from the field to what it has found.
 */
import '../styles/emoji.css'
import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import { type SkinTone, skinTones } from '../../app/settings.ts'
import { isTouch } from '../browser.ts'
import {
  type Emoji,
  type EmojiSet,
  findEmoji,
  type GroupName,
  groupNames,
  inTone,
  loadEmoji,
  oftenUsed,
  withRecent,
} from '../emoji.ts'
import { spoken, texts } from '../language.ts'
import { isComposed } from '../shortcuts.ts'
import { loadedOnce } from './ahead.ts'
import type { EmojiMemory } from './emoji.tsx'
import { keepTrying, Missing } from './missing.tsx'

// With the picker, in the language of now; in another one it comes with the first look.
loadedOnce(() => loadEmoji(spoken.peek().language))

type Tab = 'often' | GroupName

const tabs: Readonly<Record<Tab, string>> = {
  often: '🕘',
  smileys: '😀',
  people: '👋',
  nature: '🐻',
  food: '🍔',
  travel: '✈️',
  activities: '⚽',
  objects: '💡',
  symbols: '❤️',
  flags: '🏳️',
}
const order: readonly Tab[] = ['often', ...groupNames]

/** Of what was found. One letter finds most of them, and each key would draw them anew. */
const shownMax = 200

type Props = { memory: EmojiMemory; pick: (emoji: string) => void }

export const EmojiPicker = (props: Props) => {
  const { language } = spoken.value
  const [loaded, setLoaded] = useState<EmojiSet | null>(null)
  const [failed, setFailed] = useState(false)
  useEffect(
    () =>
      keepTrying(
        () => loadEmoji(language),
        setLoaded,
        () => setFailed(true),
      ),
    [language],
  )
  if (loaded) return <Loaded {...props} set={loaded} />
  return failed ? <Missing /> : null
}

const Loaded = ({ memory, pick, set }: Props & { set: EmojiSet }) => {
  const id = useId()
  const own = useRef<HTMLDivElement>(null)
  const [tab, setTab] = useState<Tab>('often')
  const [typed, setTyped] = useState('')
  const { skinTone, recentEmoji } = memory.settings.value
  // As it is when one opens it: nothing moves under the pointer.
  const often = useMemo(() => oftenUsed(set, recentEmoji), [set])
  const searching = typed.trim() !== ''
  const found = searching ? findEmoji(set, typed) : []
  const shown = found.slice(0, shownMax)
  const groups: readonly Tab[] = tab === 'often' ? ['often', 'smileys'] : [tab]
  const emojiOf = (it: Tab): readonly Emoji[] => (it === 'often' ? often : set.groups[it])
  // A field would bring up the keyboard of a phone, over what there is to choose from.
  useLayoutEffect(() => {
    own.current?.querySelector<HTMLElement>(isTouch() ? '[role="tab"]' : 'input')?.focus()
  }, [])
  const chosen = (it: Emoji): void => {
    memory.choose({ recentEmoji: withRecent(memory.settings.peek().recentEmoji, it.emoji) })
    pick(inTone(it, skinTone))
  }
  const searchKey = (event: KeyboardEvent): void => {
    if (isComposed(event) || (event.key !== 'Enter' && event.key !== 'ArrowDown')) return
    // Enter would send the form that the field stands in, and with it a message that is not finished.
    event.preventDefault()
    const [first] = found
    if (event.key === 'ArrowDown') own.current?.querySelector<HTMLElement>('.emoji-grid button')?.focus()
    else if (first) chosen(first)
  }
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys are those of what is in it
    <div class="emoji" ref={own} onKeyDown={event => keepKeys(event)}>
      <div class="emoji-head">
        <input
          type="text"
          inputMode="search"
          enterkeyhint="search"
          autocomplete="off"
          aria-label={texts().emoji.search}
          placeholder={texts().emoji.search}
          value={typed}
          onInput={event => setTyped(event.currentTarget.value)}
          onKeyDown={searchKey}
        />
        <select
          class="emoji-tone"
          aria-label={texts().emoji.tone}
          title={texts().emoji.tone}
          value={skinTone}
          onChange={event => {
            const tone = skinTones.find(it => it === event.currentTarget.value)
            if (tone !== undefined) memory.choose({ skinTone: tone })
          }}
        >
          {skinTones.map(tone => (
            <option key={tone} value={tone}>
              {tone === '' ? '✋' : `✋${tone}`}
            </option>
          ))}
        </select>
      </div>
      <div
        class="emoji-tabs"
        role="tablist"
        aria-label={texts().emoji.groups}
        onKeyDown={event => walkTabs(event, tab, setTab)}
      >
        {order.map(it => (
          <button
            key={it}
            id={`${id}-${it}`}
            type="button"
            class="emoji-tab"
            role="tab"
            aria-selected={!searching && it === tab}
            aria-controls={`${id}-page`}
            tabIndex={it === tab ? 0 : -1}
            aria-label={texts().emoji[it]}
            title={texts().emoji[it]}
            onClick={() => {
              setTyped('')
              setTab(it)
            }}
          >
            {tabs[it]}
          </button>
        ))}
      </div>
      <p
        class={searching && (found.length === 0 || shown.length < found.length) ? 'emoji-note' : 'sr-only'}
        role="status"
      >
        {searching && texts().emoji.found(found.length)}
      </p>
      <div
        key={searching ? 'found' : tab}
        id={`${id}-page`}
        class="emoji-page"
        role="tabpanel"
        aria-label={searching ? texts().emoji.found(found.length) : texts().emoji[tab]}
        onKeyDown={walkPage}
      >
        {searching ? (
          <Grid shown={shown} tone={skinTone} chosen={chosen} first />
        ) : (
          groups.map((it, at) => (
            <section key={it} aria-labelledby={`${id}-${it}-title`}>
              <h2 class="emoji-title" id={`${id}-${it}-title`}>
                {texts().emoji[it]}
              </h2>
              <Grid shown={emojiOf(it)} tone={skinTone} chosen={chosen} first={at === 0} />
            </section>
          ))
        )}
      </div>
    </div>
  )
}

type GridProps = {
  shown: readonly Emoji[]
  tone: SkinTone
  chosen: (it: Emoji) => void
  /** Its first one is where the Tab key stops. */
  first: boolean
}

const Grid = ({ shown, tone, chosen, first }: GridProps) => (
  <div class="emoji-grid">
    {shown.map((it, index) => (
      <button
        key={it.emoji}
        type="button"
        aria-label={it.name}
        title={it.name}
        tabIndex={first && index === 0 ? 0 : -1}
        onClick={() => chosen(it)}
      >
        {inTone(it, tone)}
      </button>
    ))}
  </div>
)

/** What lies below would take them for its own: the log walks from message to message, the panel closes. */
const keepKeys = (event: KeyboardEvent): void => {
  if (event.key === 'Escape' || event.key.startsWith('Arrow')) event.stopPropagation()
}

/** Along the line of reading it is one on, or one back. */
const along = (key: string): number => {
  const turned = document.documentElement.dir === 'rtl' ? -1 : 1
  return key === 'ArrowRight' ? turned : key === 'ArrowLeft' ? -turned : 0
}

const walkTabs = (event: KeyboardEvent, tab: Tab, go: (tab: Tab) => void): void => {
  const by = along(event.key)
  const list = event.currentTarget
  if (by === 0 || !(list instanceof HTMLElement)) return
  event.preventDefault()
  const at = (order.indexOf(tab) + by + order.length) % order.length
  go(order[at] ?? tab)
  list.querySelectorAll<HTMLElement>('[role="tab"]')[at]?.focus()
}

/** Up and down it is the nearest in the next row, which may be that of another group. */
const walkPage = (event: KeyboardEvent): void => {
  const page = event.currentTarget
  if (!(page instanceof HTMLElement)) return
  const buttons = [...page.querySelectorAll('button')]
  const at = buttons.findIndex(button => button.matches(':focus'))
  const next = buttonFrom(buttons, at, event.key)
  if (!next) return
  event.preventDefault()
  next.focus()
}

const buttonFrom = (
  buttons: readonly HTMLButtonElement[],
  at: number,
  key: string,
): HTMLButtonElement | undefined => {
  const from = buttons[at]
  if (!from) return undefined
  switch (key) {
    case 'Home':
      return buttons[0]
    case 'End':
      return buttons.at(-1)
    case 'ArrowDown':
      return nearest(buttons.slice(at), from)
    case 'ArrowUp':
      return nearest(buttons.slice(0, at).reverse(), from)
    default:
      return along(key) === 0 ? undefined : buttons[at + along(key)]
  }
}

/** Of the first row there that is another than its own. */
const nearest = (
  buttons: readonly HTMLButtonElement[],
  { offsetTop, offsetLeft }: HTMLButtonElement,
): HTMLButtonElement | undefined => {
  const row = buttons.find(button => button.offsetTop !== offsetTop)?.offsetTop
  const away = (button: HTMLButtonElement): number => Math.abs(button.offsetLeft - offsetLeft)
  return buttons.filter(button => button.offsetTop === row).sort((a, b) => away(a) - away(b))[0]
}

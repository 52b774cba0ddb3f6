/** Owns what the conversation asks of a visit, and what a visit's events ask of whoever is not looking. */
import { effect } from '@preact/signals'
import type { Visit } from './core/visit.ts'
import { shownName } from './ui/format.ts'
import type { Commands, Model } from './ui/model.ts'
import { freshReading, readUpTo } from './ui/reading.ts'
import { text } from './ui/text.ts'
import { excerpt } from './ui/words.ts'

/** How somebody who does not look is told. */
export type Alerts = {
  readonly hidden: () => boolean
  readonly notify: (title: string, body: string) => void
  readonly chime: () => void
  /** Whether the browser lets us, now that it has been asked. */
  readonly mayNotify: () => Promise<boolean>
}

type TalkCommands = Pick<Commands, 'say' | 'react' | 'typing' | 'mayNotify' | 'chime'>

export const talkCommands = (model: Model, alerts: Alerts, visit: () => Visit | null): TalkCommands => ({
  say: (words, answers) => {
    const said = visit()?.say(words, answers) ?? false
    // Whoever answers has read.
    if (said) model.reading.value = { ...model.reading.value, line: null }
    return said
  },
  react: (to, sign, on) => visit()?.react(to, sign, on),
  typing: on => {
    if (model.settings.value.typing) visit()?.typing(on)
  },
  mayNotify: alerts.mayNotify,
  chime: alerts.chime,
})

/** Until the function given back is called. */
export const attend = (visit: Visit, model: Model, alerts: Alerts): (() => void) => {
  model.reading.value = freshReading
  model.answering.value = null
  const tell = (name: string, words: string): void => {
    if (!alerts.hidden()) return
    const { notifications, sound } = model.settings.value
    if (notifications) alerts.notify(name, words)
    if (sound) alerts.chime()
  }
  const stops = [
    effect(() => visit.handOver(model.settings.value.handOver)),
    visit.on('changed', ({ timeline }) => {
      if (model.attending.value) model.reading.value = readUpTo(model.reading.value, timeline, false)
    }),
    visit.on('message', ({ from, own, text: words }) => {
      if (!own) tell(shownName(from), excerpt(words))
    }),
    visit.on('peer-joined', ({ name }) => {
      // Somebody waits for a first guest elsewhere; with company, comings are no news.
      if (visit.state.members.size <= 1)
        tell(shownName(visit.state.card.name), text().notices.joined(shownName(name)))
    }),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}

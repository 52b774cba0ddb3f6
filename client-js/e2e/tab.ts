/** Goes through a page by Tab, and tells what it finds there. */
import type { Person } from './browser.ts'

/** What has the focus, by the name it is called; nothing where it is the page as a whole. */
export const focused = ({ page }: Person): Promise<string> =>
  page.evaluate(() => {
    const at = document.activeElement
    if (at === document.body) return ''
    const labels = at instanceof HTMLInputElement || at instanceof HTMLTextAreaElement ? at.labels : null
    const labelled = [...(labels ?? [])].map(label => label.textContent).join(' ')
    return at?.getAttribute('aria-label') || labelled || (at?.textContent ?? '')
  })

/** Presses Tab until the focus is on something with that name, which may still have to be loaded. */
export const tabTo = async (person: Person, name: RegExp): Promise<void> => {
  const until = Date.now() + 30_000
  while (Date.now() < until) {
    await person.page.keyboard.press('Tab')
    if (name.test(await focused(person))) return
  }
  throw new Error(`no way to ${name} by Tab`)
}

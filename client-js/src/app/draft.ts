/** Owns the message that was being written when the page went: it is there again after a reload, in this tab alone. */

const key = 'p2pchat.draft'

/** Taken out, so that it lies there no longer than the page is away. Storage can be forbidden. */
export const takeDraft = (): string => {
  try {
    const draft = sessionStorage.getItem(key) ?? ''
    sessionStorage.removeItem(key)
    return draft.slice(0, 2_000)
  } catch {
    return ''
  }
}

export const leaveDraft = (draft: string): void => {
  try {
    if (draft !== '') sessionStorage.setItem(key, draft)
  } catch {
    // Costs a convenience, nothing else.
  }
}

/** Owns how high the page is while a keyboard stands on the screen: what is at its bottom stays above the keys. */

/** Where the browser shrinks the page by itself, both heights are the same and nothing is set. */
export const followKeyboard = (): void => {
  const seen = window.visualViewport
  if (!seen) return
  const root = document.documentElement
  const follow = (): void => {
    // Zoomed in by hand, one sees a part of the page as it is.
    const covered = seen.scale === 1 && innerHeight - seen.height > 1
    if (covered) root.style.setProperty('--view-height', `${Math.round(seen.height)}px`)
    else root.style.removeProperty('--view-height')
    // Safari moves the page up to show the field, which is in sight already.
    if (covered && seen.offsetTop > 0) scrollTo(0, 0)
  }
  seen.addEventListener('resize', follow)
}

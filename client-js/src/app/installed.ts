/** Owns what makes the page an app of its own: the service worker, and the browser's offer to install it. */

/** Chromium's alone; other browsers have an entry in a menu. */
type Offer = Event & { prompt: () => Promise<unknown> }

/** Once everything that somebody waits for is here. A page without HTTPS goes on without a worker. */
export const registerWorker = (): void => {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return
  const register = (): void =>
    void navigator.serviceWorker.register('/sw.js', { updateViaCache: 'none' }).catch(() => undefined)
  if (document.readyState === 'complete') register()
  else addEventListener('load', register, { once: true })
}

/** `offered` hears whether `install` would do something now. */
export const installing = (
  offered: (possible: boolean) => void,
): { readonly install: () => Promise<void> } => {
  let offer: Offer | null = null
  const set = (next: Offer | null): void => {
    offer = next
    offered(next !== null)
  }
  addEventListener('beforeinstallprompt', event => {
    event.preventDefault()
    set(event as Offer)
  })
  addEventListener('appinstalled', () => set(null))
  return {
    install: async () => {
      const taken = offer
      set(null)
      await taken?.prompt()
    },
  }
}

/** Owns parts of the page that are loaded when they are wanted, so that the first view need not wait for them. */
import type { ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { text } from '../text.ts'

/** Nothing while it is loading; if it cannot be loaded, that in words. Make one where a file begins, not while drawing. */
export const later = <Props extends object>(
  load: () => Promise<ComponentType<Props>>,
): ComponentType<Props> => {
  let loaded: ComponentType<Props> | null = null
  return props => {
    const [failed, setFailed] = useState(false)
    const [, setReady] = useState(loaded !== null)
    useEffect(() => {
      if (loaded) return
      load().then(
        part => {
          loaded = part
          setReady(true)
        },
        () => setFailed(true),
      )
    }, [])
    const Part = loaded
    if (Part) return <Part {...props} />
    return failed ? <p role="alert">{text().dialog.notLoaded}</p> : null
  }
}

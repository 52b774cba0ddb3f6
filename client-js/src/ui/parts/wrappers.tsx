/**
 * Components around components: `lazy` loads a part when it is wanted, so that the first view need not wait for it, and
 * `memo` draws a part again only when what it is given differs.
 */
import { Component, type ComponentChild, type ComponentType, type FunctionComponent } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { loadedOnce } from './ahead.ts'
import { addIcons } from './icon.tsx'
import { keepTrying, Missing, MissingDialog } from './missing.tsx'

const loadIcons = loadedOnce(async () => addIcons((await import('./icon-paths.ts')).laterPaths))

/**
 * Nothing while it is loading; if it cannot be loaded, that in words, until it can. Make one where a file begins, not
 * while drawing.
 */
export const lazy = <Props extends object>(
  load: () => Promise<ComponentType<Props>>,
  Failed: ComponentType<Props> = Missing,
): ComponentType<Props> => {
  let loaded: ComponentType<Props> | null = null
  const loadOnce = loadedOnce(async () => {
    const [part] = await Promise.all([load(), loadIcons()])
    loaded = part
    return part
  })
  return props => {
    const [failed, setFailed] = useState(false)
    const [, setReady] = useState(loaded !== null)
    useEffect(() => {
      // Perhaps it has come since it was drawn.
      if (loaded) return setReady(true)
      return keepTrying(
        loadOnce,
        () => setReady(true),
        () => setFailed(true),
      )
    }, [])
    const Part = loaded
    if (Part) return <Part {...props} />
    return failed ? <Failed {...props} /> : null
  }
}

/** The same for a window above the page. */
export const lazyDialog = <Props extends { close: () => void }>(
  load: () => Promise<ComponentType<Props>>,
): ComponentType<Props> => lazy(load, MissingDialog)

const differs = (before: object, after: object): boolean => {
  const [one, other] = [Object.entries(before), new Map(Object.entries(after))]
  return one.length !== other.size || one.some(([name, value]) => !Object.is(value, other.get(name)))
}

export const memo = <Props extends object>(Part: FunctionComponent<Props>) =>
  class extends Component<Props> {
    override shouldComponentUpdate(next: Props): boolean {
      return differs(this.props, next)
    }

    override render(): ComponentChild {
      return <Part {...this.props} />
    }
  }

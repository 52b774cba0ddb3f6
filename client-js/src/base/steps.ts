/**
 * The small tools of a reducer: a step is a new state and the effects that follow from it. Rooms and file transfers are
 * both written with them.
 */
export type Step<State, Effect> = { readonly state: State; readonly effects: readonly Effect[] }

type Steps<State, Effect> = {
  readonly stepTo: (state: State, ...effects: Effect[]) => Step<State, Effect>
  /** One step after another, with the effects of both in order. */
  readonly andThen: (
    first: Step<State, Effect>,
    next: (state: State) => Step<State, Effect>,
  ) => Step<State, Effect>
  readonly stepEach: <T>(
    state: State,
    items: Iterable<T>,
    each: (state: State, item: T) => Step<State, Effect>,
  ) => Step<State, Effect>
}

export const stepsOf = <State, Effect>(): Steps<State, Effect> => {
  const stepTo: Steps<State, Effect>['stepTo'] = (state, ...effects) => ({ state, effects })
  const andThen: Steps<State, Effect>['andThen'] = (first, next) => {
    const second = next(first.state)
    return { state: second.state, effects: [...first.effects, ...second.effects] }
  }
  return {
    stepTo,
    andThen,
    stepEach: (state, items, each) => {
      let step = stepTo(state)
      for (const item of items) step = andThen(step, now => each(now, item))
      return step
    },
  }
}

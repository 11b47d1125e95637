import { useEffect, useEffectEvent, useSyncExternalStore } from 'react'

/** Single keys can be turned off (WCAG 2.1.4): speech input and some screen readers type letters of their own. */
const NAME = 'motcua.keys'
const listeners = new Set<() => void>()
const read = (): boolean => {
  try {
    return localStorage.getItem(NAME) !== 'off'
  } catch {
    return true
  }
}
let on = read()

export function turnKeys(given: boolean): void {
  on = given
  try {
    localStorage.setItem(NAME, given ? 'on' : 'off')
  } catch {
    /* kept for this visit only */
  }
  listeners.forEach((listener) => listener())
}

export const useKeysOn = (): boolean =>
  useSyncExternalStore((listener) => { listeners.add(listener); return () => listeners.delete(listener) }, () => on)

const texts = 'input:not([type=checkbox], [type=radio], [type=button], [type=file]), textarea, select, [contenteditable=true]'

/** Keys by what they type ("j", "?", "Escape"). Nothing happens while somebody writes or a dialog is open. */
export function useKeys(keys: Record<string, ((event: KeyboardEvent) => void) | undefined>): void {
  const press = useEffectEvent((event: KeyboardEvent) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return
    const writing = event.target instanceof Element && event.target.matches(texts)
    if (document.querySelector('dialog[open], [role="dialog"]')) return
    if (event.key !== 'Escape' && (writing || !on)) return
    const run = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key]
    if (!run) return
    event.preventDefault()
    run(event)
  })
  useEffect(() => {
    const listener = (event: KeyboardEvent) => press(event)
    window.addEventListener('keydown', listener)
    return () => window.removeEventListener('keydown', listener)
  }, [])
}

import { createContext, useContext } from 'react'
import type { Document } from 'yaml'
import type { JsonObject } from '@/api/types'
import { valueAt } from '@/components/schema/pointer'
import type { Fault } from '../api'
import { pointerOf, put, type Path } from './text'

interface Editing {
  body: JsonObject
  faults: readonly Fault[]
  /** Changes with one tag that follow each other are undone as one: the letters of a word. */
  change: (edit: (doc: Document) => void, tag?: string) => void
}

export const EditingContext = createContext<Editing>({ body: {}, faults: [], change: () => undefined })
export const useEditing = () => useContext(EditingContext)

export const at = (body: JsonObject, path: Path): unknown => valueAt(body, path.map(String))

export function useValue(path: Path): [unknown, (value: unknown) => void] {
  const { body, change } = useEditing()
  return [at(body, path), (value) => change((doc) => put(doc, path, value), pointerOf(path))]
}

/** What is wrong at this place; deep: or anywhere below it. */
export function useFaults(path: Path, deep = false): Fault[] {
  const own = pointerOf(path)
  return useEditing().faults.filter(({ pointer }) => pointer === own || (deep && pointer.startsWith(`${own}/`)))
}

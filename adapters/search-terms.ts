import { keywords } from '../domain/keywords.ts'
import { wordFormsOf } from './word-forms.ts'

/** The terms of texts and of questions, the same in every store. */
export const searchTerms = (text: string): string[] => keywords(text, wordFormsOf(text))

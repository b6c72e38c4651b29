import type { SearchTerms } from '../domain/keyword-scores.ts'
import { askedKeywords, keywords } from '../domain/keywords.ts'
import { wordFormsOf } from './word-forms.ts'

/** The same in every store. */
export const searchTerms: SearchTerms = {
  ofText: (text) => keywords(text, wordFormsOf(text)),
  ofQuestion: (question) => [...new Set(askedKeywords(question, wordFormsOf(question)))],
}

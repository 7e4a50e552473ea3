import { create } from "zustand";
import { type Locale, preferredLocale, rememberLocale } from "@/i18n/catalogues";

export type ColorScheme = "light" | "dark";
const SCHEME_KEY = "parcours.colorScheme";

interface Preferences {
  locale: Locale;
  /** null: as the system has it. */
  colorScheme: ColorScheme | null;
  setLocale: (locale: Locale) => void;
  setColorScheme: (scheme: ColorScheme | null) => void;
}

function storedScheme(): ColorScheme | null {
  const stored = localStorage.getItem(SCHEME_KEY);
  return stored === "light" || stored === "dark" ? stored : null;
}

/** What the person chose for this browser. */
export const usePreferences = create<Preferences>((set) => ({
  locale: preferredLocale(),
  colorScheme: storedScheme(),
  setLocale: (locale) => {
    rememberLocale(locale);
    set({ locale });
  },
  setColorScheme: (colorScheme) => {
    if (colorScheme === null) localStorage.removeItem(SCHEME_KEY);
    else localStorage.setItem(SCHEME_KEY, colorScheme);
    set({ colorScheme });
  },
}));

import { defaultTheme, Provider } from "@adobe/react-spectrum";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { IntlProvider } from "react-intl";
import { type Locale, loadCatalogue } from "@/i18n/catalogues";
import { usePreferences } from "./preferences";
import { queryClient } from "./queryClient";
import { router } from "./router";

interface Catalogue {
  locale: Locale;
  messages: Record<string, string>;
}

/** The messages of the locale in use; the former ones until they are there, so that nothing flashes. */
function useCatalogue(locale: Locale): Catalogue | null {
  const [catalogue, setCatalogue] = useState<Catalogue | null>(null);
  useEffect(() => {
    let isCurrent = true;
    loadCatalogue(locale).then((messages) => isCurrent && setCatalogue({ locale, messages }));
    return () => {
      isCurrent = false;
    };
  }, [locale]);
  return catalogue;
}

export function App() {
  const { locale, colorScheme } = usePreferences();
  const catalogue = useCatalogue(locale);
  useEffect(() => {
    document.documentElement.lang = locale;
  }, [locale]);
  if (catalogue === null) return null;
  return (
    <IntlProvider locale={catalogue.locale} messages={catalogue.messages}>
      <QueryClientProvider client={queryClient}>
        <Provider
          theme={defaultTheme}
          locale={catalogue.locale === "fr" ? "fr-FR" : "en-US"}
          colorScheme={colorScheme ?? undefined}
          scale="medium"
          minHeight="100%"
          router={{ navigate: (href) => void router.navigate({ to: href }), useHref: (href) => href }}
        >
          <RouterProvider router={router} />
        </Provider>
      </QueryClientProvider>
    </IntlProvider>
  );
}

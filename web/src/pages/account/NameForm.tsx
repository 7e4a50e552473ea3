import { Button, Form, Item, Picker, TextField } from "@adobe/react-spectrum";
import { type FormEvent, useState } from "react";
import { call } from "@/api/call";
import { useSession } from "@/api/useSession";
import { usePreferences } from "@/app/preferences";
import { LOCALES } from "@/i18n/catalogues";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { useAct } from "@/ui/useAct";

const NAMES = { en: "English", fr: "Français" };

export function NameForm() {
  const t = useT();
  const { user } = useSession();
  const { locale, setLocale } = usePreferences();
  const [name, setName] = useState(user.name);
  const [language, setLanguage] = useState(LOCALES.find((one) => one === user.locale) ?? locale);
  const save = useAct(() => call("PATCH", "/parcours/me", { body: { name: name.trim(), locale: language } }), {
    invalidates: [["session"], ["people"]],
    showsError: true,
    done: t("account.done.saved"),
    onDone: () => setLocale(language),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!save.isPending) save.mutate();
  };
  return (
    <Form onSubmit={submit} validationBehavior="native">
      <>{save.error && <ErrorNotice error={save.error} />}</>
      <TextField label={t("account.name")} value={name} onChange={setName} autoComplete="name" isRequired />
      <Picker
        label={t("account.language")}
        items={LOCALES.map((id) => ({ id }))}
        selectedKey={language}
        onSelectionChange={(key) => setLanguage(LOCALES.find((one) => one === key) ?? language)}
      >
        {(item) => <Item>{NAMES[item.id]}</Item>}
      </Picker>
      <div>
        <Button
          variant="accent"
          type="submit"
          isPending={save.isPending}
          isDisabled={name.trim() === user.name && language === (user.locale ?? locale)}
          marginTop="size-150"
        >
          {t("common.save")}
        </Button>
      </div>
    </Form>
  );
}

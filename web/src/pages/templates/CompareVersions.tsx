import { Flex, Heading, Item, Picker } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Loading } from "@/ui/Loading";
import { TextDiff } from "@/ui/TextDiff";
import { differencesOf, type FieldDifference } from "./compare";
import { type Version, versionQuery } from "./templates";

interface Props {
  uid: string;
  versions: readonly Version[];
  from: number;
  to: number;
  onChange: (from: number, to: number) => void;
}

/** Two versions of a template, field by field. */
export function CompareVersions({ uid, versions, from, to, onChange }: Props) {
  const t = useT();
  const before = useQuery(versionQuery(uid, from));
  const after = useQuery(versionQuery(uid, to));
  const error = before.error ?? after.error;
  const choices = versions.map((one) => ({
    id: one.version,
    name: t(one.isPublication ? "templates.version.onePublished" : "templates.version.one", { version: one.version }),
  }));
  return (
    <section aria-label={t("templates.compare")}>
      <Heading level={2}>{t("templates.compare")}</Heading>
      <Flex wrap gap="size-150" marginBottom="size-200">
        <Picker
          label={t("templates.compare.from")}
          items={choices}
          selectedKey={from}
          onSelectionChange={(key) => onChange(Number(key), to)}
          width="size-3000"
        >
          {(item) => <Item>{item.name}</Item>}
        </Picker>
        <Picker
          label={t("templates.compare.to")}
          items={choices}
          selectedKey={to}
          onSelectionChange={(key) => onChange(from, Number(key))}
          width="size-3000"
        >
          {(item) => <Item>{item.name}</Item>}
        </Picker>
      </Flex>
      {error && <ErrorNotice error={error} onRetry={() => void (before.error ? before : after).refetch()} />}
      {!error && (before.data === undefined || after.data === undefined) && <Loading />}
      {before.data !== undefined && after.data !== undefined && (
        <Differences found={differencesOf(before.data, after.data)} />
      )}
    </section>
  );
}

function Differences({ found }: { found: readonly FieldDifference[] }) {
  const t = useT();
  if (found.length === 0) return <p>{t("templates.compare.none")}</p>;
  return found.map(({ field, before, after }) => {
    const name =
      field === "mjml" || field === "html"
        ? t(`templates.format.${field}`)
        : field === "parameters" || field === "attachments"
          ? t(`templates.${field}`)
          : t(`templates.field.${field}`);
    return (
      <section key={field}>
        <Heading level={3} marginBottom="size-75">
          {name}
        </Heading>
        <TextDiff label={name} before={before} after={after} />
      </section>
    );
  });
}

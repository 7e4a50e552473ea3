import { Item, Link, Picker, Text } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useT } from "@/i18n/useT";
import type { Choice, Need } from "./create";
import { choicesQuery } from "./references";

interface Props {
  need: Need;
  chosen: Choice | undefined;
  onChoose: (choice: Choice) => void;
}

const PAGES = { event: "/events/new", action: "/actions/new", audience: "/audiences", template: "/templates/new" };

/** One event, action or audience that a template needs; where there is none, the page that makes one. */
export function NeedPicker({ need, chosen, onChoose }: Props) {
  const t = useT();
  const choices = useQuery(choicesQuery(need.kind));
  if (choices.data?.length === 0) {
    return (
      <Text>
        <strong>{need.title}</strong>: {t(`journeys.need.${need.kind}`)}{" "}
        <Link href={PAGES[need.kind]} target="_blank">
          {t("journeys.need.make")}
        </Link>
      </Text>
    );
  }
  return (
    <Picker
      label={need.title}
      description={need.description}
      items={choices.data ?? []}
      isLoading={choices.isPending}
      selectedKey={chosen?.uid ?? null}
      onSelectionChange={(key) => {
        const found = choices.data?.find((one) => one.uid === key);
        if (found !== undefined) onChoose(found);
      }}
    >
      {(choice) => <Item key={choice.uid}>{choice.name}</Item>}
    </Picker>
  );
}

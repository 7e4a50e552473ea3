import { ComboBox, Item, Link, Text } from "@adobe/react-spectrum";
import type { ReactNode } from "react";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import type { ListName } from "../references";
import { useReferences } from "../useReferences";
import styles from "./fields.module.css";
import { Note } from "./Stack";

export interface Choice {
  id: string;
  name: string;
  detail?: string;
}

interface Props {
  label: string;
  /** The list that the choices come from: whether it is there yet, and what to say when it is empty. */
  list: ListName;
  choices: Choice[];
  value: string;
  onChange: (id: string) => void;
  isReadOnly: boolean;
  /** The page where one is made. */
  href: string | null;
  isOptional?: boolean;
  problem?: string;
  /** What is chosen is there, but can't be chosen as it is: what it is called, why, and how that is mended. */
  unfit?: { name: string; problem: string; mend?: ReactNode };
  /** What is chosen, on its own page. */
  openHref?: string | null;
}

/** One of the things that an activity refers to, by its name; where there is none it says how to make one. */
export function ReferencePicker(props: Props) {
  const {
    label,
    list,
    choices,
    value,
    onChange,
    isReadOnly,
    href,
    isOptional = false,
    problem,
    unfit,
    openHref,
  } = props;
  const t = useT();
  const { isPending, error } = useReferences();
  const failed = error(list);
  const chosen = choices.find((choice) => choice.id === value);
  const isGone = value !== "" && chosen === undefined && !isPending(list) && failed === null;
  if (failed !== null) return <ErrorNotice error={failed} />;
  const goneName = unfit?.name ?? t("activities.reference.gone", { id: value });
  const items = isGone ? [{ id: value, name: goneName }, ...choices] : choices;
  return (
    <div>
      <ComboBox
        label={label}
        isRequired={!isOptional}
        necessityIndicator="icon"
        defaultItems={items}
        selectedKey={value === "" ? null : value}
        onSelectionChange={(key) => {
          if (key !== null && String(key) !== value) onChange(String(key));
          else if (key === null && isOptional && value !== "") onChange("");
        }}
        isReadOnly={isReadOnly}
        loadingState={isPending(list) ? "loading" : "idle"}
        validationState={isGone || problem !== undefined ? "invalid" : undefined}
        errorMessage={isGone ? (unfit?.problem ?? t("activities.reference.missing")) : problem}
        menuTrigger="focus"
        width="100%"
      >
        {(item: Choice) => (
          <Item key={item.id} textValue={item.name}>
            <Text>{item.name}</Text>
            {item.detail ? <Text slot="description">{item.detail}</Text> : null}
          </Item>
        )}
      </ComboBox>
      {isGone && unfit?.mend}
      {choices.length === 0 && !isPending(list) && (
        <Note>
          {t(`activities.none.${list}`)}{" "}
          {href !== null && (
            <Link href={href} target="_blank">
              {t(`activities.make.${list}`)}
            </Link>
          )}
        </Note>
      )}
      {openHref && chosen !== undefined && (
        <p className={styles.linkAlone}>
          <Link href={openHref} target="_blank">
            {t("activities.reference.open", { name: chosen.name })}
          </Link>
        </p>
      )}
    </div>
  );
}

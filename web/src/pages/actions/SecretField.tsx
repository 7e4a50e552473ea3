import { ActionButton, Flex, TextField } from "@adobe/react-spectrum";
import { useRef } from "react";
import { useT } from "@/i18n/useT";
import { MASK } from "./document";
import { type Faults, faultOf } from "./faults";

interface Props {
  label: string;
  value: string;
  onChange: (value: string) => void;
  /** Where its faults are. */
  place: string;
  faults: Faults;
  isReadOnly: boolean;
}

/** A secret: a stored one is shown as ******** and kept until another one is typed. */
export function SecretField({ label, value, onChange, place, faults, isReadOnly }: Props) {
  const t = useT();
  const wasStored = useRef(value === MASK);
  const isStored = value === MASK;
  return (
    <Flex wrap gap="size-100" alignItems="end">
      <TextField
        label={label}
        type={isStored ? "text" : "password"}
        autoComplete="new-password"
        value={value}
        onChange={onChange}
        isReadOnly={isReadOnly || isStored}
        width="size-3600"
        {...faultOf(faults, place)}
      />
      {!isReadOnly && (isStored || wasStored.current) && (
        <ActionButton
          aria-label={t(isStored ? "actions.secret.replaceOf" : "actions.secret.keepOf", { name: label })}
          onPress={() => onChange(isStored ? "" : MASK)}
        >
          {t(isStored ? "actions.secret.replace" : "actions.secret.keep")}
        </ActionButton>
      )}
    </Flex>
  );
}

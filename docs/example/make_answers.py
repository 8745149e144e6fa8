"""Write answers.csv, the made-up file of the tutorial: ``python docs/example/make_answers.py``."""

from pathlib import Path

import numpy as np
import pandas as pd

SERVICES = {  # how content its recipients are, how many answered
    "Паспорт беру": (0.95, 110),
    "Жүргізуші куәлігін беру": (0.75, 95),
    "Балаға жәрдемақы тағайындау": (0.6, 100),
    "Регистрация бизнеса": (0.55, 90),
    "Выдача архивной справки": (0.2, 45),
    "Предоставление земельного участка": (-0.4, 60),
    "Лицензия на импорт": (0.5, 7),
}
ITEMS = ["staff_1", "staff_2", "terms_1", "terms_2", "costs_1", "feedback_1"]
NO_COMPLAINT, NO_ANSWER = 98, 99


def answers() -> pd.DataFrame:
    """Answers of 507 people, with three typing errors."""
    rng = np.random.default_rng(2020)
    service = np.repeat(list(SERVICES), [count for _, count in SERVICES.values()])
    content = np.array([SERVICES[name][0] for name in service])[:, None]
    person = rng.normal(scale=0.6, size=content.shape)
    latent = 4.1 + content + person + rng.normal(scale=0.7, size=(service.size, len(ITEMS)))
    table = pd.DataFrame(np.clip(np.round(latent), 1, 5).astype(int), columns=ITEMS).astype(object)
    table.loc[rng.random(service.size) < 0.9, "feedback_1"] = NO_COMPLAINT
    table.loc[rng.random(service.size) < 0.04, "costs_1"] = NO_ANSWER
    table.loc[11, "staff_1"], table.loc[40, "terms_2"], table.loc[200, "staff_2"] = 7, "пять", 55
    facts = {
        "id": np.arange(1, service.size + 1),
        "service": service,
        "region": rng.choice(["Алматы", "Астана", "Шымкент"], service.size),
        "channel": np.where(rng.random(service.size) < 0.4, "online", "office"),
        "weight": [f"{w:.2f}".replace(".", ",") for w in rng.uniform(0.6, 1.8, service.size)],
    }
    return pd.concat([pd.DataFrame(facts), table], axis=1).sample(frac=1, random_state=7)


if __name__ == "__main__":
    answers().to_csv(Path(__file__).parent / "answers.csv", sep=";", index=False)

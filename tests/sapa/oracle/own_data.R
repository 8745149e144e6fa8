# Means of an item and official composites of a made-up file of answers, by R survey.
# Run in this folder: Rscript own_data.R
suppressMessages(library(survey)); library(jsonlite)
set.seed(711)
n <- 240
d <- data.frame(
  stratum = sample(c("north", "south"), n, TRUE), service = sample(c("a", "b", "c"), n, TRUE),
  channel = sample(c("office", "online"), n, TRUE, c(.6, .4)), w = round(runif(n, .5, 3), 2))
d$psu <- sample(1:12, n, TRUE)
person <- rnorm(n)
for (k in c("staff_1", "staff_2", "costs_1")) {
  d[[k]] <- pmin(5, pmax(1, round(4.1 + .6 * person + rnorm(n))))
  d[[k]][runif(n) < .1] <- NA
}
d$staff_1[d$channel == "online"] <- NA
des <- svydesign(id = ~psu, strata = ~stratum, weights = ~w, data = d, nest = TRUE)
item <- svyby(~costs_1, ~service, des, svymean, na.rm = TRUE)

composite <- function(s) {
  cell <- list(c("office", "staff_1"), c("office", "staff_2"), c("office", "costs_1"), c("online", "staff_2"), c("online", "costs_1"))
  for (j in seq_along(cell)) {
    own <- d$service == s & d$channel == cell[[j]][1] & !is.na(d[[cell[[j]][2]]])
    d[[paste0("y", j)]] <- ifelse(own, d[[cell[[j]][2]]], 0)
    d[[paste0("r", j)]] <- as.numeric(own)
  }
  own <- svydesign(id = ~psu, strata = ~stratum, weights = ~w, data = d, nest = TRUE)
  t <- svytotal(~y1 + y2 + y3 + y4 + y5 + r1 + r2 + r3 + r4 + r5, own)
  score <- svycontrast(t, quote(((y1 / r1 + y2 / r2) / 2 + y3 / r3) / 4 + (y4 / r4 + y5 / r5) / 4))
  c(coef(score), SE(score))
}
found <- sapply(c("a", "b", "c"), composite)
write_json(list(
  provenance = list(made_by = "Rscript own_data.R", R = R.version.string,
                    survey = as.character(packageVersion("survey")), date = as.character(Sys.Date())),
  data = d, item = list(service = item$service, mean = item$costs_1, se = item$se),
  composite = list(service = c("a", "b", "c"), score = unname(found[1, ]), se = unname(found[2, ]))
), "own_data.json", digits = NA, auto_unbox = TRUE, na = "null")

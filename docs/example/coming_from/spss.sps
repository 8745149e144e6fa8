* The analyses of docs/coming_from.md that SPSS Base has: pspp spss.sps > spss.txt, in this folder.
GET DATA /TYPE=TXT /FILE="answers.csv" /DELIMITERS="," /FIRSTCASE=2
  /VARIABLES=stratum A5 psu F4 w F8.2 service A1 channel A6 age A5 staff_1 F1 staff_2 F1 costs_1 F1.
WEIGHT BY w.
COMPUTE five = costs_1 = 5.
AGGREGATE /OUTFILE=* /BREAK=service /mean=MEAN(costs_1) /satisfaction=MEAN(five) /raters=NU(costs_1).
FORMATS mean satisfaction (F12.9).
LIST.
